mock_provider "aws" {
  source = "./tests/mocks"
}

run "it_is_at_rest_and_never_scaled_by_terraform" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    vpc_id                  = "vpc-1"
    subnet_ids              = ["subnet-1", "subnet-2"]
    name                    = "shop"
    cluster                 = "apps"
    container_port          = 9000
    ingress_cidr_blocks     = ["203.0.113.0/24"]
    ingress_security_groups = { wakeproxy = "sg-1" }
    settings                = { idle_after = "30m", "ready.path" = "/healthz" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0
    error_message = "It is made without a task."
  }

  assert {
    condition     = one(aws_ecs_service.this.deployment_circuit_breaker).rollback
    error_message = "A rollout that fails is rolled back."
  }

  assert {
    condition     = aws_ecs_service.this.tags["wakeproxy:idle-after"] == "30m" && aws_ecs_service.this.tags["wakeproxy:ready-path"] == "/healthz"
    error_message = "Settings become the tags that discovery reads."
  }

  assert {
    condition     = length(module.cluster) == 0
    error_message = "A cluster that is named is not made."
  }

  assert {
    condition     = output.ecs == "apps/shop"
    error_message = "It is named with its cluster."
  }

  assert {
    condition     = one(aws_ecr_repository.this).image_tag_mutability == "IMMUTABLE"
    error_message = "A tag is for ever."
  }

  assert {
    condition     = one(aws_ecr_repository.this).force_delete
    error_message = "Destroying leaves no image."
  }

  assert {
    condition     = jsondecode(one(aws_ecr_lifecycle_policy.this).policy).rules[0].selection.tagPatternList == ["deployed-*"]
    error_message = "What was deployed is judged first, and by no later rule."
  }

  assert {
    condition     = [for rule in jsondecode(one(aws_ecr_lifecycle_policy.this).policy).rules : rule.rulePriority] == [1, 2, 3]
    error_message = "Rules come in their order."
  }
}

run "without_a_cluster_it_has_one_of_its_own" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    vpc_id     = "vpc-1"
    subnet_ids = ["subnet-1", "subnet-2"]
    name       = "shop"
    cluster    = null
  }

  assert {
    condition     = output.ecs == "shop/shop"
    error_message = "The cluster bears its name."
  }
}

run "without_a_repository_it_needs_an_image" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    vpc_id         = "vpc-1"
    subnet_ids     = ["subnet-1", "subnet-2"]
    name           = "shop"
    cluster        = "apps"
    has_repository = false
  }

  expect_failures = [aws_ecs_task_definition.this]
}

run "what_aws_would_refuse_is_refused" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    vpc_id         = "vpc-1"
    subnet_ids     = ["subnet-1", "subnet-2"]
    name           = "My Shop"
    cluster        = "apps"
    container_port = 0
    keep_images    = 0
    keep_deployed  = 1
    settings       = { hosts = "*.example.com" }
    cpu            = 300
    memory         = 100
    architecture   = "MIPS"
    stop_timeout   = 200
    image          = ""
  }

  expect_failures = [var.settings, var.cpu, var.memory, var.architecture, var.stop_timeout, var.name, var.container_port, var.keep_images, var.keep_deployed, var.image]
}
