mock_provider "aws" {
  source = "./tests/mocks"
}

run "it_runs_on_arm_with_logs_that_end" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name        = "wake"
    description = "wakes"
    zip         = "versions.tf"
    handler     = "wake.handler"
    role_name   = "wake"
    role_arn    = "arn:aws:iam::123456789012:role/wake"
    timeout     = 29
  }

  assert {
    condition     = aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "ARM costs a fifth less."
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("versions.tf")
    error_message = "A new zip is a new function."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Lines are kept for a month."
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["Errors", "Throttles"])
    error_message = "Failing and not being run are told."
  }
}

run "a_zip_that_is_not_there_says_how_to_make_it" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name        = "wake"
    description = "wakes"
    zip         = "none.zip"
    handler     = "wake.handler"
    role_name   = "wake"
    role_arn    = "arn:aws:iam::123456789012:role/wake"
    timeout     = 29
  }

  expect_failures = [var.zip]
}

run "too_many_variables_are_refused_before_lambda_does" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name        = "wake"
    description = "wakes"
    zip         = "versions.tf"
    handler     = "wake.handler"
    role_name   = "wake"
    role_arn    = "arn:aws:iam::123456789012:role/wake"
    timeout     = 29
    environment = { WAKEPROXY__X = join("", [for n in range(1024) : "xxxx"]) }
  }

  expect_failures = [aws_lambda_function.this]
}

run "what_lambda_has_not_is_refused" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name                 = "a b"
    description          = "wakes"
    zip                  = "versions.tf"
    handler              = "wake.handler"
    role_name            = "wake"
    role_arn             = "arn:aws:iam::123456789012:role/wake"
    timeout              = 901
    memory               = 64
    runtime              = "python3.9"
    architecture         = "mips"
    reserved_concurrency = 0
    subnet_ids           = ["subnet-1"]
  }

  expect_failures = [var.name, var.timeout, var.memory, var.runtime, var.architecture, var.reserved_concurrency, var.security_group_ids]
}
