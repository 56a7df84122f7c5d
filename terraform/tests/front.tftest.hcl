mock_provider "aws" {
  source = "./tests/mocks"
}

run "it_is_one_tiny_task_on_arm_that_finds_services_by_their_tags" {
  command = plan

  module {
    source = "./modules/front"
  }

  variables {
    image             = "wakeproxy:1"
    cluster           = "apps"
    role_arn          = "arn:aws:iam::123456789012:role/front"
    ledger_table      = "wakeproxy"
    vpc_id            = "vpc-1"
    subnet_ids        = ["subnet-1"]
    target_group_arns = ["arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/x/1"]
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && aws_ecs_task_definition.this.cpu == "256" && aws_ecs_task_definition.this.memory == "512"
    error_message = "A tiny one."
  }

  assert {
    condition     = one(aws_ecs_task_definition.this.runtime_platform).cpu_architecture == "ARM64"
    error_message = "On ARM."
  }

  assert {
    condition     = local.environment.WAKEPROXY__DISCOVER == "true" && local.environment.WAKEPROXY__LEDGER == "dynamodb://wakeproxy"
    error_message = "Its settings are variables."
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["CPUUtilization", "MemoryUtilization"])
    error_message = "Being short is told."
  }

  assert {
    condition     = aws_ecs_service.this.health_check_grace_period_seconds == 30
    error_message = "Behind a load balancer it is given time to start."
  }
}

run "settings_that_are_none_are_refused" {
  command = plan

  module {
    source = "./modules/front"
  }

  variables {
    image         = "wakeproxy:1"
    cluster       = "apps"
    role_arn      = "arn:aws:iam::123456789012:role/front"
    ledger_table  = "wakeproxy"
    vpc_id        = "vpc-1"
    subnet_ids    = ["subnet-1"]
    settings      = { AWS_REGION = "x" }
    replicas      = 0
    drain_seconds = 120
    cpu           = 1
    architecture  = "x"
  }

  expect_failures = [var.settings, var.replicas, var.drain_seconds, var.cpu, var.architecture]
}
