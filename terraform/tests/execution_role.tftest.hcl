mock_provider "aws" {
  source = "./tests/mocks"
}

run "only_what_the_containers_need_may_be_pulled_written_and_read" {
  command = plan

  module {
    source = "./modules/execution_role"
  }

  variables {
    name            = "shop"
    log_group_arn   = "arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/apps/shop"
    repository_arns = ["arn:aws:ecr:eu-central-1:123456789012:repository/apps/shop"]
    secrets = {
      TOKEN    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-a1b2c3:token::"
      PASSWORD = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/password"
    }
  }

  assert {
    condition     = [for one in jsondecode(aws_iam_role_policy.this.policy).Statement : one.Resource if one.Sid == "WriteLogs"] == [["arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/apps/shop:*"]]
    error_message = "Lines go to one group."
  }

  assert {
    condition     = [for one in jsondecode(aws_iam_role_policy.this.policy).Statement : one.Resource if one.Sid == "PullImage"] == [["arn:aws:ecr:eu-central-1:123456789012:repository/apps/shop"]]
    error_message = "Images come from its own repository."
  }

  assert {
    condition = [for one in jsondecode(aws_iam_role_policy.this.policy).Statement : one.Resource if one.Sid == "ReadSecrets"] == [[
      "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-a1b2c3",
      "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/password",
    ]]
    error_message = "A secret is named without its key."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "ECS acts as it for this account only."
  }
}
