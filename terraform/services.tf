module "cluster" {
  source = "./modules/cluster"

  name               = var.name
  container_insights = contains(local.signals, "network")
  tags               = local.tags
}

module "service" {
  source   = "./modules/service"
  for_each = var.services

  name                = each.key
  cluster             = module.cluster.name
  vpc_id              = local.vpc_id
  subnet_ids          = local.subnet_ids
  ingress_cidr_blocks = var.visitor_cidr_blocks
  image               = each.value.image
  container_port      = each.value.port
  cpu                 = each.value.cpu
  memory              = each.value.memory
  architecture        = each.value.architecture
  command             = each.value.command
  environment         = each.value.environment
  secrets             = each.value.secrets
  health_check        = each.value.health_check
  read_only           = each.value.read_only
  settings            = var.discover ? local.service_tags[each.key] : {}
  tags                = local.tags
}
