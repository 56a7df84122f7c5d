resource "aws_cloudwatch_event_rule" "this" {
  name                = var.name
  description         = "wakeproxy sweeps"
  schedule_expression = "rate(${var.every_minutes} ${var.every_minutes == 1 ? "minute" : "minutes"})"
  state               = var.is_paused ? "DISABLED" : "ENABLED"
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "sweep"
  arn       = module.function.arn
}

resource "aws_lambda_permission" "this" {
  statement_id  = "schedule"
  action        = "lambda:InvokeFunction"
  function_name = module.function.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this.arn
}
