mock_provider "aws" {
  source = "./tests/mocks"
}

run "it_has_public_subnets_in_two_zones_and_no_nat_gateway" {
  command = plan

  module {
    source = "./modules/network"
  }

  assert {
    condition     = length(aws_subnet.this) == 2 && length(distinct(aws_subnet.this[*].availability_zone)) == 2
    error_message = "There is one subnet in each of two zones."
  }

  assert {
    condition     = aws_subnet.this[1].cidr_block == "10.42.16.0/20"
    error_message = "Subnets take a sixteenth each."
  }

  assert {
    condition     = one(aws_route_table.this.route).cidr_block == "0.0.0.0/0"
    error_message = "There is one way out, through the internet gateway."
  }

  assert {
    condition     = aws_default_security_group.this.tags.Name == "wakeproxy-unused"
    error_message = "The group that nobody uses says so."
  }
}

run "what_no_network_can_be_is_refused" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    cidr_block = "10.0.0.0/8"
    zone_count = 1
  }

  expect_failures = [var.cidr_block, var.zone_count]
}
