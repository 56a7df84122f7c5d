module "function" {
  source = "../function"

  name                 = var.name
  description          = "wakeproxy: answers visitors, and wakes what they visit"
  zip                  = var.zip
  handler              = "wake.handler"
  role_name            = var.role_name
  role_arn             = var.role_arn
  environment          = merge({ WAIT_MS = tostring(var.wait_ms) }, var.environment)
  runtime              = var.runtime
  architecture         = var.architecture
  memory               = var.memory
  timeout              = local.timeout
  reserved_concurrency = var.reserved_concurrency
  subnet_ids           = var.subnet_ids
  security_group_ids   = var.security_group_ids
  log_retention_days   = var.log_retention_days
  has_alarms           = var.has_alarms
  alarm_topic_arns     = var.alarm_topic_arns
  kms_key_arn          = var.kms_key_arn
  tags                 = var.tags
}

locals {
  # An HTTP API waits 30 seconds at most ("Quotas for configuring and running an HTTP API"); whoever is cut off by it is
  # told nothing, so that the function has to be through before.
  timeout    = 29
  timeout_ms = 30000
}

resource "aws_lambda_permission" "this" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = module.function.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*"
}
