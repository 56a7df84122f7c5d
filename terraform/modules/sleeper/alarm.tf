# While nobody sweeps, nothing sleeps, and all that is awake is paid for.
resource "aws_cloudwatch_metric_alarm" "this" {
  count = var.has_alarms && !var.is_paused ? 1 : 0

  alarm_name          = "${var.name}-silent"
  alarm_description   = "wakeproxy does not sweep: nothing is put to sleep. Look at the rule ${var.name} and its function."
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = var.name }
  statistic           = "Sum"
  period              = max(300, 60 * var.every_minutes)
  evaluation_periods  = 3
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
  tags                = var.tags
}
