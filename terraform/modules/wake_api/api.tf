locals {
  ops = ["/wake/{service}", "/sleep/{service}", "/status", "/status/{service}"]

  contract = yamldecode(templatefile("${path.module}/../../../infra/openapi-wake.yaml", {
    name            = var.name
    integration_uri = module.function.invoke_arn
    timeout_ms      = local.timeout_ms
  }))

  # What is for people and tools only is not sent: for an HTTP API `x-amazon-apigateway-auth` says what is guarded, and the
  # servers are its own.
  unsent = ["servers", "security", "securitySchemes", "x-anywhere", "x-integration", "x-visit"]

  body = merge({ for key, value in local.contract : key => value if !contains(local.unsent, key) }, {
    components = { for key, value in local.contract.components : key => value if !contains(local.unsent, key) }
    paths = {
      for path, item in local.contract.paths : path => {
        for method, operation in item : method => { for key, value in operation : key => value if !contains(local.unsent, key) }
      } if var.has_ops_routes || !contains(local.ops, path)
    }
  })
}

resource "aws_apigatewayv2_api" "this" {
  name                         = var.name
  description                  = local.contract.info.description
  version                      = local.contract.info.version
  protocol_type                = "HTTP"
  body                         = jsonencode(local.body)
  disable_execute_api_endpoint = !var.has_default_endpoint
  tags                         = var.tags

  lifecycle {
    precondition {
      condition     = var.has_default_endpoint || length(var.hosts) > 0
      error_message = "Nobody could reach the API: leave has_default_endpoint on, or name hosts."
    }
  }
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true
  tags        = var.tags

  # Whatever the internet sends, so much of it is paid for at most.
  default_route_settings {
    throttling_rate_limit    = var.throttling_rate
    throttling_burst_limit   = var.throttling_burst
    detailed_metrics_enabled = false
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.this.arn
    format = jsonencode({
      time       = "$context.requestTime"
      client     = "$context.identity.sourceIp"
      method     = "$context.httpMethod"
      host       = "$context.domainName"
      path       = "$context.path"
      route      = "$context.routeKey"
      status     = "$context.status"
      bytes      = "$context.responseLength"
      ms         = "$context.responseLatency"
      error      = "$context.error.message"
      user_agent = "$context.identity.userAgent"
      request_id = "$context.requestId"
    })
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with a key of its own at no cost; kms_key_arn names one of yours.
  #checkov:skip=CKV_AWS_338:Lines hold addresses of people; a month is enough to find a fault: log_retention_days.
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}
