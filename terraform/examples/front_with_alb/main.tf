# wakeproxy itself runs, behind a load balancer that ends TLS: requests are held and passed on, WebSockets and server-sent
# events too, and apps need no public port. It finds services by their tags, in this cluster.
module "network" {
  source = "../../modules/network"

  name       = var.name
  cidr_block = local.cidr_block
  tags       = local.tags
}

module "cluster" {
  source = "../../modules/cluster"

  name = var.name
  tags = local.tags
}

module "ledger" {
  source = "../../modules/ledger"

  name = var.name
  tags = local.tags
}

module "front_role" {
  source = "../../modules/iam"

  role              = "front"
  name              = var.name
  discover_clusters = [module.cluster.name]
  ledger_table      = module.ledger.name
  tags              = local.tags
}

module "front" {
  source = "../../modules/front"

  name                    = "${var.name}-front"
  image                   = var.image
  cluster                 = module.cluster.name
  role_arn                = module.front_role.role_arn
  ledger_table            = module.ledger.name
  vpc_id                  = module.network.vpc_id
  subnet_ids              = module.network.subnet_ids
  replicas                = 2
  ingress_security_groups = { "the load balancer" = aws_security_group.this.id }
  target_group_arns       = [aws_lb_target_group.this.arn]
  tags                    = local.tags

  settings = {
    WAKEPROXY__AWS__CLUSTER       = module.cluster.name
    WAKEPROXY__DISCOVER__CLUSTERS = jsonencode([module.cluster.name])
    WAKEPROXY__TRUSTED_PROXIES    = jsonencode([local.cidr_block])
    WAKEPROXY__ACCESS_LOG__FORMAT = "json"
  }

  depends_on = [aws_lb_listener.https]
}

module "service" {
  source   = "../../modules/service"
  for_each = var.services

  name                    = each.key
  cluster                 = module.cluster.name
  vpc_id                  = module.network.vpc_id
  subnet_ids              = module.network.subnet_ids
  ingress_security_groups = { wakeproxy = module.front.security_group_id }
  image                   = each.value
  settings                = { enable = "true", hosts = "${each.key}.${var.domain}", idle_after = "15m" }
  tags                    = local.tags
}

locals {
  cidr_block = "10.42.0.0/16"
  tags       = { "managed-by" = "terraform", "part-of" = var.name }
}
