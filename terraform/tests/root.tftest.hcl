mock_provider "aws" {
  source = "./tests/mocks"
}

run "it_puts_together_what_is_visited_woken_and_put_to_sleep" {
  command = plan

  variables {
    services = {
      shop = {
        settings = { idle_after = "30m", "ready.path" = "/healthz", "signals.cpu_above" = "20" }
      }
      shop-db = {
        port = 5432
      }
    }
  }

  assert {
    condition     = local.settings.WAKEPROXY__SERVICES__SHOP__IDLE_AFTER == "30m" && local.settings.WAKEPROXY__SERVICES__SHOP__READY__PATH == "/healthz"
    error_message = "Settings become variables."
  }

  assert {
    condition     = local.settings.WAKEPROXY__SERVICES__SHOP_DB__PORT == "5432" && local.settings.WAKEPROXY__LEDGER == "dynamodb://wakeproxy"
    error_message = "So does what Terraform knows itself."
  }

  assert {
    condition     = local.settings.WAKEPROXY__SERVERLESS == "true" && !can(local.settings.WAKEPROXY__SERVICES__SHOP__HOSTS)
    error_message = "Who has no hosts is found by its path."
  }

  assert {
    condition     = contains(jsondecode(output.policies.sleep).Statement[*].Sid, "Signals")
    error_message = "A signal that a service has may be read."
  }

  assert {
    condition     = length(module.network) == 1 && length(module.ci_role) == 0
    error_message = "A network is made; workflows may do nothing until they are named."
  }
}

run "tags_say_what_variables_would" {
  command = plan

  variables {
    discover        = true
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    services        = { shop = {}, api = { hosts = ["*.example.com"] } }
  }

  assert {
    condition     = local.service_tags.api.hosts == "_.example.com" && !can(local.service_tags.shop.hosts)
    error_message = "A host is a tag of what has one."
  }
}

run "what_makes_no_stack_is_refused" {
  command = plan

  variables {
    vpc_id   = "vpc-1"
    serve    = "fly"
    name     = "No"
    services = { shop = { settings = { port = "1" } } }
  }

  expect_failures = [var.services, var.subnet_ids, var.serve, var.name]
}
