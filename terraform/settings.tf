locals {
  # Host names are for the API's own domains. A service without any is found by its path, and by this name by nobody
  # (RFC 2606).
  hosts = { for name, one in var.services : name => length(one.hosts) > 0 ? one.hosts : ["${name}.invalid"] }

  service_settings = merge([
    for name, one in var.services : {
      for key, value in merge(one.settings, {
        hosts   = jsonencode(local.hosts[name])
        port    = tostring(one.port)
        address = "public"
        serve   = var.serve
      }) : upper("WAKEPROXY__SERVICES__${replace(name, "-", "_")}__${replace(key, ".", "__")}") => value
    }
  ]...)

  # The same as tags, which hold no brackets and no asterisks; see docs/discovery.md.
  service_tags = {
    for name, one in var.services : name => merge(one.settings, {
      enable  = "true"
      hosts   = join(" ", [for host in local.hosts[name] : replace(host, "/^\\*\\./", "_.")])
      port    = tostring(one.port)
      address = "public"
      serve   = var.serve
    })
  }

  # What whoever wakes and whoever puts to sleep must agree on.
  settings = merge(
    var.discover ? { WAKEPROXY__DISCOVER__CLUSTERS = jsonencode([module.cluster.name]) } : local.service_settings,
    {
      WAKEPROXY__AWS__CLUSTER = module.cluster.name
      WAKEPROXY__LEDGER       = module.ledger.url
    },
  )

  signals = toset([
    for signal, key in { cpu = "signals.cpu_above", network = "signals.network_above", requests = "signals.requests", logs = "signals.logs" } :
    signal if anytrue([for one in values(var.services) : !contains(["", "null", "false", "no", "off"], lower(lookup(one.settings, key, "")))])
  ])
}
