# A serverless stack in small: what wakes, what puts to sleep, what is woken, and what remembers.

terraform {
  required_version = ">= 1.7"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region      = "eu-central-1"
  max_retries = 2
}

variable "zip" {
  type        = string
  description = "Path of the function's zip."
}

# Names, not references: so nothing waits for the cluster that need not.
locals {
  cluster  = "apps"
  service  = "app"
  function = "edge"
}

data "aws_vpc" "default" {
  default = true
}

data "aws_security_group" "default" {
  vpc_id = data.aws_vpc.default.id
  name   = "default"
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

resource "aws_dynamodb_table" "ledger" {
  name         = "ledger"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }
}

resource "aws_iam_role" "function" {
  name = "function"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "function" {
  name = "function"
  role = aws_iam_role.function.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["ecs:UpdateService"], Resource = ["*"] },
      { Effect = "Allow", Action = ["dynamodb:UpdateItem"], Resource = [aws_dynamodb_table.ledger.arn] },
    ]
  })
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${local.function}"
  retention_in_days = 14
}

resource "aws_lambda_function" "function" {
  function_name    = local.function
  role             = aws_iam_role.function.arn
  runtime          = "python3.11"
  architectures    = ["arm64"]
  handler          = "app.handler"
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  timeout          = 30
  memory_size      = 256

  environment {
    variables = {
      SERVICE = local.service
      CLUSTER = local.cluster
      TABLE   = aws_dynamodb_table.ledger.name
    }
  }

  depends_on = [aws_cloudwatch_log_group.function]
}

resource "aws_lambda_function_url" "wake" {
  function_name      = aws_lambda_function.function.function_name
  authorization_type = "AWS_IAM"
}

resource "aws_apigatewayv2_api" "wake" {
  name                         = "wake"
  protocol_type                = "HTTP"
  version                      = "1"
  disable_execute_api_endpoint = false
  body = templatefile("${path.module}/openapi.yaml", {
    function = aws_lambda_function.function.invoke_arn
  })
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.wake.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_burst_limit = 200
    throttling_rate_limit  = 100
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.wake.execution_arn}/*/*"
}

resource "aws_cloudwatch_event_rule" "sleep" {
  name                = "sleep"
  schedule_expression = "rate(1 day)"
}

resource "aws_cloudwatch_event_target" "sleep" {
  rule = aws_cloudwatch_event_rule.sleep.name
  arn  = aws_lambda_function.function.arn
}

resource "aws_lambda_permission" "rule" {
  statement_id  = "rule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.sleep.arn
}

resource "aws_iam_role" "scheduler" {
  name = "scheduler"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "scheduler.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "scheduler"
  role = aws_iam_role.scheduler.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "lambda:InvokeFunction", Resource = aws_lambda_function.function.arn },
    ]
  })
}

resource "aws_scheduler_schedule" "weekend" {
  name                         = "weekend"
  schedule_expression          = "cron(0 20 ? * FRI *)"
  schedule_expression_timezone = "Europe/Berlin"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.function.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ weekend = true })
  }
}

resource "aws_ecs_cluster" "apps" {
  name = local.cluster
}

resource "aws_ecs_task_definition" "app" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  container_definitions = jsonencode([
    { name = "app", image = "wakeproxy/hello", essential = true, portMappings = [{ containerPort = 8080 }] },
  ])
}

resource "aws_ecs_service" "app" {
  name            = local.service
  cluster         = aws_ecs_cluster.apps.id
  task_definition = aws_ecs_task_definition.app.arn
  desired_count   = 0
  launch_type     = "FARGATE"

  network_configuration {
    subnets         = data.aws_subnets.default.ids
    security_groups = [data.aws_security_group.default.id]
  }

  lifecycle {
    ignore_changes = [desired_count, task_definition]
  }
}
