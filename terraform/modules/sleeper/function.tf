module "function" {
  source = "../function"

  name               = var.name
  description        = "wakeproxy: puts to sleep what nobody uses"
  zip                = var.zip
  handler            = "sleep.handler"
  role_name          = var.role_name
  role_arn           = var.role_arn
  environment        = var.environment
  runtime            = var.runtime
  architecture       = var.architecture
  memory             = var.memory
  timeout            = var.timeout
  log_retention_days = var.log_retention_days
  has_alarms         = var.has_alarms
  alarm_topic_arns   = var.alarm_topic_arns
  kms_key_arn        = var.kms_key_arn
  tags               = var.tags
}

# The next sweep judges anew; one that comes late, or again, would only be in its way.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = module.function.name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}
