locals {
  zips    = coalesce(var.zips, "${path.module}/../dist/lambdas")
  ecs     = sort([for one in values(module.service) : one.ecs])
  domains = var.domains == null ? distinct(flatten([for one in values(var.services) : one.hosts])) : var.domains
}

module "wake_role" {
  source = "./modules/iam"

  role                 = "wake"
  name                 = var.name
  services             = var.discover ? [] : local.ecs
  discover_clusters    = var.discover ? [module.cluster.name] : null
  ledger_table         = module.ledger.name
  has_public_addresses = true
  signals              = local.signals
  tags                 = local.tags
}

module "wake_api" {
  source = "./modules/wake_api"

  name             = "${var.name}-wake"
  zip              = "${local.zips}/wake.zip"
  role_name        = module.wake_role.role_name
  role_arn         = module.wake_role.role_arn
  environment      = local.settings
  hosts            = local.domains
  has_ops_routes   = var.has_ops_routes
  certificate_arn  = var.certificate_arn
  zone_id          = var.zone_id
  alarm_topic_arns = var.alarm_topic_arns
  tags             = local.tags
}
