# A service at rest. How many tasks it has is wakeproxy's affair, and which revision they run that of rollouts: neither is
# drift.
resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:Without a NAT gateway a task needs a public address to pull its image; the security group guards it.
  name                   = var.name
  cluster                = local.cluster
  task_definition        = aws_ecs_task_definition.this.arn
  desired_count          = 0
  launch_type            = "FARGATE"
  platform_version       = "LATEST"
  propagate_tags         = "SERVICE"
  enable_execute_command = false
  wait_for_steady_state  = false
  tags                   = merge(var.tags, local.settings)

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [module.security_group.id]
    assign_public_ip = var.assign_public_ip
  }

  dynamic "load_balancer" {
    for_each = var.target_group_arns

    content {
      target_group_arn = load_balancer.value
      container_name   = var.name
      container_port   = var.container_port
    }
  }

  lifecycle {
    ignore_changes = [desired_count, task_definition]
  }
}

locals {
  cluster = var.cluster == null ? one(module.cluster).name : var.cluster

  # Keys of a service as wakeproxy's discovery reads them: idle_after is wakeproxy:idle-after.
  settings = { for key, value in var.settings : "wakeproxy:${replace(replace(key, "_", "-"), ".", "-")}" => value }
}

module "security_group" {
  source = "../security_group"

  name                    = "${local.cluster}-${var.name}"
  description             = "Tasks of the ECS service ${local.cluster}/${var.name}"
  vpc_id                  = var.vpc_id
  port                    = var.container_port
  ingress_cidr_blocks     = var.ingress_cidr_blocks
  ingress_security_groups = var.ingress_security_groups
  tags                    = var.tags
}

module "cluster" {
  source = "../cluster"
  count  = var.cluster == null ? 1 : 0

  name = var.name
  tags = var.tags
}
