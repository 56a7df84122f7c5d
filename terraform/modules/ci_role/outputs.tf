output "role_arn" {
  description = "The role's ARN: `role-to-assume` of aws-actions/configure-aws-credentials."
  value       = aws_iam_role.this.arn
}

output "role_name" {
  description = "The role's name, to attach policies to."
  value       = aws_iam_role.this.name
}
