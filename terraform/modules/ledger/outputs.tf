output "name" {
  description = "The table's name."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "The table's ARN, for policies."
  value       = aws_dynamodb_table.this.arn
}

output "url" {
  description = "What to write as `ledger` in wakeproxy's config."
  value       = "dynamodb://${aws_dynamodb_table.this.name}"
}
