mock_provider "aws" {
  source = "./tests/mocks"
}

run "only_that_repositorys_main_branch_and_production_act_as_it" {
  command = plan

  module {
    source = "./modules/ci_role"
  }

  variables {
    repository       = "octo/shop"
    deploy_policy    = "{}"
    creates_provider = false
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringLike["token.actions.githubusercontent.com:sub"] == ["repo:octo/shop:environment:production", "repo:octo/shop:ref:refs/heads/main"]
    error_message = "No other repository, and no pull request."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    error_message = "Tokens for AWS only."
  }

  assert {
    condition     = aws_iam_role_policy.deploy.policy == "{}" && length(aws_iam_role_policy.push) == 0
    error_message = "It may do what it is given."
  }
}

run "a_pattern_would_let_in_others" {
  command = plan

  module {
    source = "./modules/ci_role"
  }

  variables {
    repository    = "octo/*"
    deploy_policy = "{}"
    subjects      = ["*"]
  }

  expect_failures = [var.repository, var.subjects]
}
