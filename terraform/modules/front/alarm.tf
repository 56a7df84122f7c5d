locals {
  alarms = var.has_alarms ? {
    CPUUtilization    = "${var.name} is short of CPU: visitors wait. Raise cpu or replicas."
    MemoryUtilization = "${var.name} is short of memory. Raise memory, or lower limits.connections."
  } : {}
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${lower(trimsuffix(each.key, "Utilization"))}"
  alarm_description   = each.value
  namespace           = "AWS/ECS"
  metric_name         = each.key
  dimensions          = { ClusterName = var.cluster, ServiceName = var.name }
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 3
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
  # A front sends figures every minute; without any, none of it runs.
  treat_missing_data = "breaching"
  alarm_actions      = var.alarm_topic_arns
  ok_actions         = var.alarm_topic_arns
  tags               = var.tags
}
