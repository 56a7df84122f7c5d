mock_provider "aws" {
  source = "./tests/mocks"
}

run "one_port_is_open_to_those_who_are_named_and_no_others" {
  command = plan

  module {
    source = "./modules/security_group"
  }

  variables {
    name                    = "shop"
    description             = "The shop"
    vpc_id                  = "vpc-1"
    port                    = 9000
    ingress_cidr_blocks     = ["203.0.113.0/24"]
    ingress_security_groups = { wakeproxy = "sg-1" }
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.address) == 1 && aws_vpc_security_group_ingress_rule.address["203.0.113.0/24"].from_port == 9000
    error_message = "Addresses reach the port."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.group["wakeproxy"].referenced_security_group_id == "sg-1" && aws_vpc_security_group_ingress_rule.group["wakeproxy"].to_port == 9000
    error_message = "Groups do."
  }
}

run "who_is_no_address_is_refused" {
  command = plan

  module {
    source = "./modules/security_group"
  }

  variables {
    name                = "shop"
    description         = "The shop"
    vpc_id              = "vpc-1"
    port                = 9000
    ingress_cidr_blocks = ["everybody"]
  }

  expect_failures = [var.ingress_cidr_blocks]
}
