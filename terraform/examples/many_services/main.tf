# Many services of one kind, each at a host of its own, in a network that exists; rolled out by GitHub's workflows.
module "wakeproxy" {
  source = "../.."

  name              = "staging"
  discover          = true
  zips              = var.zips
  vpc_id            = var.vpc_id
  subnet_ids        = var.subnet_ids
  domains           = ["*.${var.domain}"]
  certificate_arn   = var.certificate_arn
  zone_id           = var.zone_id
  github_repository = var.github_repository
  alarm_topic_arns  = var.alarm_topic_arns
  tags              = { team = "platform" }

  services = {
    for name in var.names : name => {
      hosts = ["${name}.${var.domain}"]
      settings = {
        idle_after          = "30m"
        "ready.path"        = "/healthz"
        awake_hours         = "Mon-Fri 08:00-18:00 Europe/Berlin"
        "signals.cpu_above" = "20"
      }
    }
  }
}
