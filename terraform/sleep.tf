module "sleep_role" {
  source = "./modules/iam"

  role                 = "sleep"
  name                 = var.name
  services             = var.discover ? [] : local.ecs
  discover_clusters    = var.discover ? [module.cluster.name] : null
  ledger_table         = module.ledger.name
  has_public_addresses = true
  signals              = local.signals
  tags                 = local.tags
}

module "sleeper" {
  source = "./modules/sleeper"

  name             = "${var.name}-sleep"
  zip              = "${local.zips}/sleep.zip"
  role_name        = module.sleep_role.role_name
  role_arn         = module.sleep_role.role_arn
  environment      = local.settings
  every_minutes    = var.sweep_minutes
  alarm_topic_arns = var.alarm_topic_arns
  tags             = local.tags
}
