module "network" {
  source = "./modules/network"
  count  = var.vpc_id == null ? 1 : 0

  name = var.name
  tags = local.tags
}

locals {
  tags       = merge({ "managed-by" = "terraform", "part-of" = var.name }, var.tags)
  vpc_id     = var.vpc_id == null ? one(module.network).vpc_id : var.vpc_id
  subnet_ids = var.vpc_id == null ? one(module.network).subnet_ids : var.subnet_ids
}
