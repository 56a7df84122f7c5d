mock_provider "aws" {
  source = "./tests/mocks"
}

run "it_is_the_table_that_wakeproxy_expects" {
  command = plan

  module {
    source = "./modules/ledger"
  }

  assert {
    condition     = aws_dynamodb_table.this.hash_key == "service" && aws_dynamodb_table.this.range_key == "item"
    error_message = "The keys are service and item."
  }

  assert {
    condition     = aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST"
    error_message = "At rest it costs nothing."
  }

  assert {
    condition     = one(aws_dynamodb_table.this.ttl).attribute_name == "expires_at"
    error_message = "Old wakes expire by expires_at."
  }

  assert {
    condition     = one(aws_dynamodb_table.this.point_in_time_recovery).enabled
    error_message = "It can be restored."
  }

  assert {
    condition     = output.url == "dynamodb://wakeproxy"
    error_message = "The config's URL names the table."
  }
}

run "a_name_no_table_can_have_is_refused" {
  command = plan

  module {
    source = "./modules/ledger"
  }

  variables {
    name = "my table"
  }

  expect_failures = [var.name]
}
