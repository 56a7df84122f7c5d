locals {
  # What is counted, and what it means for those who run it.
  alarms = var.has_alarms ? {
    Errors    = "${var.name} fails: see ${aws_cloudwatch_log_group.this.name}."
    Throttles = "${var.name} is not run, for too many Lambdas run already: raise the account's or the function's concurrency."
  } : {}
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${lower(each.key)}"
  alarm_description   = each.value
  namespace           = "AWS/Lambda"
  metric_name         = each.key
  dimensions          = { FunctionName = var.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
  tags                = var.tags
}
