mock_provider "aws" {
  source = "./tests/mocks"
}

run "it_is_throttled_logged_and_bounded_in_time" {
  command = plan

  module {
    source = "./modules/wake_api"
  }

  variables {
    zip       = "versions.tf"
    role_name = "wake"
    role_arn  = "arn:aws:iam::123456789012:role/wake"
  }

  assert {
    condition     = one(aws_apigatewayv2_stage.this.default_route_settings).throttling_burst_limit == 100
    error_message = "A flood is not paid for."
  }

  assert {
    condition     = jsondecode(one(aws_apigatewayv2_stage.this.access_log_settings).format).status == "$context.status"
    error_message = "Requests are logged."
  }

  assert {
    condition     = local.timeout < local.timeout_ms / 1000
    error_message = "The function is through before API Gateway gives up."
  }

  assert {
    condition     = length(aws_apigatewayv2_domain_name.this) == 0
    error_message = "It has no hosts of its own."
  }
}

run "hosts_have_domains_and_records" {
  command = plan

  module {
    source = "./modules/wake_api"
  }

  variables {
    zip                  = "versions.tf"
    role_name            = "wake"
    role_arn             = "arn:aws:iam::123456789012:role/wake"
    hosts                = ["shop.example.com"]
    certificate_arn      = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    zone_id              = "Z1"
    has_default_endpoint = false
  }

  assert {
    condition     = aws_apigatewayv2_domain_name.this["shop.example.com"].domain_name_configuration[0].security_policy == "TLS_1_2"
    error_message = "TLS is 1.2 at least."
  }

  assert {
    condition     = aws_route53_record.this["shop.example.com"].zone_id == "Z1"
    error_message = "Its record is written."
  }

  assert {
    condition     = aws_apigatewayv2_api.this.disable_execute_api_endpoint
    error_message = "Its own address can be closed."
  }
}

run "hosts_need_a_certificate" {
  command = plan

  module {
    source = "./modules/wake_api"
  }

  variables {
    zip       = "versions.tf"
    role_name = "wake"
    role_arn  = "arn:aws:iam::123456789012:role/wake"
    hosts     = ["shop.example.com"]
  }

  expect_failures = [aws_apigatewayv2_domain_name.this]
}

run "an_api_that_nobody_could_reach_is_refused" {
  command = plan

  module {
    source = "./modules/wake_api"
  }

  variables {
    zip                  = "versions.tf"
    role_name            = "wake"
    role_arn             = "arn:aws:iam::123456789012:role/wake"
    has_default_endpoint = false
  }

  expect_failures = [aws_apigatewayv2_api.this]
}

run "waiting_longer_than_api_gateway_is_refused" {
  command = plan

  module {
    source = "./modules/wake_api"
  }

  variables {
    zip              = "versions.tf"
    role_name        = "wake"
    role_arn         = "arn:aws:iam::123456789012:role/wake"
    wait_ms          = 30000
    throttling_rate  = 0
    throttling_burst = 0
  }

  expect_failures = [var.wait_ms, var.throttling_rate, var.throttling_burst]
}
