output "name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "Its ARN."
  value       = aws_lambda_function.this.arn
}

output "invoke_arn" {
  description = "How API Gateway names it."
  value       = aws_lambda_function.this.invoke_arn
}

output "log_group_name" {
  description = "Where its lines go."
  value       = aws_cloudwatch_log_group.this.name
}
