output "function_name" {
  description = "The function's name; invoked by hand it sweeps at once."
  value       = module.function.name
}

output "rule_name" {
  description = "The schedule's name."
  value       = aws_cloudwatch_event_rule.this.name
}

output "log_group_name" {
  description = "Where its decisions are logged."
  value       = module.function.log_group_name
}
