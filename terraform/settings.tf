locals {
  service_settings = merge([
    for name, one in var.services : {
      for key, value in merge(
        one.settings,
        { port = tostring(one.port), address = "public", serve = var.serve },
        length(one.hosts) > 0 ? { hosts = jsonencode(one.hosts) } : {},
      ) : upper("WAKEPROXY__SERVICES__${replace(name, "-", "_")}__${replace(key, ".", "__")}") => value
    }
  ]...)

  # The same as tags, which hold no brackets and no asterisks; see docs/discovery.md.
  service_tags = {
    for name, one in var.services : name => merge(
      one.settings,
      { enable = "true", port = tostring(one.port), address = "public", serve = var.serve },
      length(one.hosts) > 0 ? { hosts = join(" ", [for host in one.hosts : replace(host, "/^\\*\\./", "_.")]) } : {},
    )
  }

  # What whoever wakes and whoever puts to sleep must agree on. A service without hosts is found by its path.
  settings = merge(
    var.discover ? { WAKEPROXY__DISCOVER__CLUSTERS = jsonencode([module.cluster.name]) } : local.service_settings,
    {
      WAKEPROXY__AWS__CLUSTER = module.cluster.name
      WAKEPROXY__LEDGER       = module.ledger.url
      WAKEPROXY__SERVERLESS   = "true"
    },
  )

  signals = toset([
    for signal, key in { cpu = "signals.cpu_above", network = "signals.network_above", requests = "signals.requests", logs = "signals.logs" } :
    signal if anytrue([for one in values(var.services) : !contains(["", "null", "false", "no", "off"], lower(lookup(one.settings, key, "")))])
  ])
}
