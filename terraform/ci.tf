module "deploy_policy" {
  source = "./modules/iam"
  count  = var.github_repository == null ? 0 : 1

  role                 = "deploy"
  services             = local.ecs
  ledger_table         = module.ledger.name
  has_public_addresses = true
  signals              = local.signals
  passed_role_arns     = flatten([for one in values(module.service) : one.role_arns])
}

module "ci_role" {
  source = "./modules/ci_role"
  count  = var.github_repository == null ? 0 : 1

  name            = "${var.name}-ci"
  repository      = var.github_repository
  deploy_policy   = one(module.deploy_policy).policy
  repository_arns = [for one in values(module.service) : one.repository_arn]
  tags            = local.tags
}
