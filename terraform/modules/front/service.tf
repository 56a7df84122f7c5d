# wakeproxy itself: the only thing that always runs. Several share the ledger, and each other's work.
resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:Without a NAT gateway a task needs a public address to call AWS; the security group guards it.
  name                              = var.name
  cluster                           = var.cluster
  task_definition                   = aws_ecs_task_definition.this.arn
  desired_count                     = var.replicas
  launch_type                       = "FARGATE"
  platform_version                  = "LATEST"
  propagate_tags                    = "SERVICE"
  enable_execute_command            = false
  wait_for_steady_state             = false
  health_check_grace_period_seconds = length(var.target_group_arns) > 0 ? 30 : null
  tags                              = var.tags

  # The old one goes when the new one answers.
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
      container_port   = local.port
    }
  }
}

# Only those may reach the front who stand before it, or everybody where nobody does.
module "security_group" {
  source = "../security_group"

  name                    = "${var.cluster}-${var.name}"
  description             = "wakeproxy"
  vpc_id                  = var.vpc_id
  port                    = local.port
  ingress_cidr_blocks     = var.ingress_cidr_blocks
  ingress_security_groups = var.ingress_security_groups
  tags                    = var.tags
}
