mock_provider "aws" {
  source = "./tests/mocks"
}

run "it_sweeps_every_minute_and_tells_when_it_does_not" {
  command = plan

  module {
    source = "./modules/sleeper"
  }

  variables {
    zip       = "versions.tf"
    role_name = "wake"
    role_arn  = "arn:aws:iam::123456789012:role/wake"
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this.schedule_expression == "rate(1 minute)" && aws_cloudwatch_event_rule.this.state == "ENABLED"
    error_message = "It sweeps."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.this.maximum_retry_attempts == 0
    error_message = "The next sweep makes up for one that failed."
  }

  assert {
    condition     = one(aws_cloudwatch_metric_alarm.this).treat_missing_data == "breaching"
    error_message = "Silence is told."
  }
}

run "it_can_be_paused" {
  command = plan

  module {
    source = "./modules/sleeper"
  }

  variables {
    zip           = "versions.tf"
    role_name     = "wake"
    role_arn      = "arn:aws:iam::123456789012:role/wake"
    every_minutes = 5
    is_paused     = true
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this.schedule_expression == "rate(5 minutes)" && aws_cloudwatch_event_rule.this.state == "DISABLED"
    error_message = "It pauses."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "That is no alarm."
  }
}

run "a_schedule_that_eventbridge_has_not_is_refused" {
  command = plan

  module {
    source = "./modules/sleeper"
  }

  variables {
    zip           = "versions.tf"
    role_name     = "wake"
    role_arn      = "arn:aws:iam::123456789012:role/wake"
    every_minutes = 0
  }

  expect_failures = [var.every_minutes]
}
