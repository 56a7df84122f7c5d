module "ledger" {
  source = "./modules/ledger"

  name = var.name
  tags = local.tags
}
