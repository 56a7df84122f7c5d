data "aws_region" "this" {}

# The first revision; rollouts register those that follow.
resource "aws_ecs_task_definition" "this" {
  family                   = coalesce(var.family, var.name)
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = module.execution_role.arn
  task_role_arn            = aws_iam_role.task.arn
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  container_definitions = jsonencode([merge(
    {
      name                   = var.name
      image                  = local.image
      essential              = true
      readonlyRootFilesystem = var.read_only
      stopTimeout            = var.stop_timeout
      portMappings           = [{ containerPort = var.container_port, protocol = "tcp" }]
      environment            = [for key in sort(keys(var.environment)) : { name = key, value = var.environment[key] }]
      secrets                = [for key in sort(keys(var.secrets)) : { name = key, valueFrom = var.secrets[key] }]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.this.name
          awslogs-region        = data.aws_region.this.id
          awslogs-stream-prefix = "ecs"
        }
      }
    },
    length(var.command) == 0 ? {} : { command = var.command },
    var.health_check == null ? {} : { healthCheck = { command = ["CMD-SHELL", var.health_check] } },
  )])

  lifecycle {
    precondition {
      condition     = var.has_repository || var.image != null
      error_message = "Without a repository of its own the service needs an image: set image."
    }
  }
}

locals {
  repository = one(aws_ecr_repository.this[*].repository_url)
  image      = coalesce(var.image, "${coalesce(local.repository, "none")}:initial")
}
