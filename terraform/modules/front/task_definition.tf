data "aws_region" "this" {}

locals {
  port       = 8080
  admin_port = 9901

  # A container's own health check, for ECS knows none of the image's: the admin listener answers on loopback only.
  health_check = "python -c \"import urllib.request as r; r.urlopen('http://127.0.0.1:${local.admin_port}/healthz', timeout=2)\""

  # What is said of the front here goes before what the settings say.
  environment = merge(var.settings, {
    WAKEPROXY__AWS__REGION     = data.aws_region.this.id
    WAKEPROXY__LISTEN          = "0.0.0.0:${local.port}"
    WAKEPROXY__ADMIN__LISTEN   = "127.0.0.1:${local.admin_port}"
    WAKEPROXY__LEDGER          = "dynamodb://${var.ledger_table}"
    WAKEPROXY__TIMEOUTS__DRAIN = "${var.drain_seconds}s"
  })
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = module.execution_role.arn
  task_role_arn            = var.role_arn
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = var.name
    image                  = var.image
    essential              = true
    command                = ["serve"]
    readonlyRootFilesystem = true
    stopTimeout            = min(120, var.drain_seconds + 10)
    portMappings           = [{ containerPort = local.port, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    environment            = [for key in sort(keys(local.environment)) : { name = key, value = local.environment[key] }]
    secrets                = [for key in sort(keys(var.secrets)) : { name = key, valueFrom = var.secrets[key] }]
    healthCheck            = { command = ["CMD-SHELL", local.health_check], interval = 10, timeout = 5, retries = 3, startPeriod = 10 }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.this.id
        awslogs-stream-prefix = "ecs"
      }
    }
  }])
}
