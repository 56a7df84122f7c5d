mock_provider "aws" {
  source = "./tests/mocks"
}

run "a_service_is_scaled_by_its_own_arn_in_its_own_cluster" {
  command = plan

  module {
    source = "./modules/iam"
  }

  variables {
    role     = "sleep"
    services = ["apps/shop"]
  }

  assert {
    condition     = jsondecode(output.policy).Statement[0].Resource == ["arn:aws:ecs:eu-central-1:123456789012:service/apps/shop"]
    error_message = "The service's ARN, exactly."
  }

  assert {
    condition     = jsondecode(output.policy).Statement[0].Condition.ArnEquals["ecs:cluster"] == ["arn:aws:ecs:eu-central-1:123456789012:cluster/apps"]
    error_message = "In its cluster only."
  }

  assert {
    condition     = jsondecode(one(aws_iam_role.this).assume_role_policy).Statement[0].Principal.Service == "lambda.amazonaws.com"
    error_message = "A Lambda acts as it."
  }
}

run "a_front_is_a_task" {
  command = plan

  module {
    source = "./modules/iam"
  }

  variables {
    role              = "front"
    discover_clusters = []
  }

  assert {
    condition     = jsondecode(one(aws_iam_role.this).assume_role_policy).Statement[0].Principal.Service == "ecs-tasks.amazonaws.com"
    error_message = "ECS's tasks act as it."
  }
}

run "a_deploy_is_a_policy_for_a_role_of_somebodys_own" {
  command = plan

  module {
    source = "./modules/iam"
  }

  variables {
    role     = "deploy"
    services = ["apps/shop"]
  }

  assert {
    condition     = length(aws_iam_role.this) == 0 && output.role_name == null
    error_message = "No role is made."
  }

  assert {
    condition     = contains(jsondecode(output.policy).Statement[*].Sid, "Register")
    error_message = "Revisions may be registered."
  }

  assert {
    condition     = !contains(jsondecode(output.policy).Statement[*].Sid, "Prune")
    error_message = "None may be deregistered where nothing prunes."
  }
}

run "a_deploy_that_prunes_may_deregister" {
  command = plan

  module {
    source = "./modules/iam"
  }

  variables {
    role     = "deploy"
    services = ["apps/shop"]
    prunes   = true
  }

  assert {
    condition     = contains(flatten(jsondecode(output.policy).Statement[*].Action), "ecs:DeregisterTaskDefinition")
    error_message = "Old revisions may be deregistered."
  }
}

run "nothing_in_scope_is_an_error" {
  command = plan

  module {
    source = "./modules/iam"
  }

  variables {
    role = "wake"
  }

  expect_failures = [var.services]
}

run "what_is_unknown_is_refused" {
  command = plan

  module {
    source = "./modules/iam"
  }

  variables {
    role     = "admin"
    services = ["shop"]
    signals  = ["heat"]
  }

  expect_failures = [var.role, var.services, var.signals]
}
