mock_provider "aws" {
  source = "./tests/mocks"
}

run "many_services_have_hosts_of_their_own_in_a_network_of_yours" {
  command = plan

  module {
    source = "./examples/many_services"
  }

  variables {
    domain            = "staging.example.com"
    certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    zone_id           = "Z1"
    vpc_id            = "vpc-1"
    subnet_ids        = ["subnet-1", "subnet-2"]
    github_repository = "octo/shop"
  }

  assert {
    condition     = output.urls.shop == "https://shop.staging.example.com/"
    error_message = "Each is found at its host."
  }

  assert {
    condition     = contains(jsondecode(module.wakeproxy.policies.sleep).Statement[*].Sid, "FindByTags")
    error_message = "However many there are, they are found by their tags."
  }
}

run "a_front_runs_behind_a_load_balancer" {
  command = plan

  module {
    source = "./examples/front_with_alb"
  }

  variables {
    image           = "wakeproxy:1"
    services        = { shop = "shop:1" }
    domain          = "example.com"
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
  }

  assert {
    condition     = aws_lb_listener.https.protocol == "HTTPS" && one(aws_lb_listener.http.default_action).type == "redirect"
    error_message = "Visitors come by HTTPS."
  }

  assert {
    condition     = aws_lb_target_group.this.port == module.front.port
    error_message = "The load balancer leads to the front."
  }
}

run "state_can_be_kept_for_all_who_apply" {
  command = plan

  module {
    source = "./examples/remote_state"
  }
}
