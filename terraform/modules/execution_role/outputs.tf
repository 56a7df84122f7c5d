output "arn" {
  description = "The role's ARN."
  value       = aws_iam_role.this.arn

  # Tasks start when the role may do what they need.
  depends_on = [aws_iam_role_policy.this]
}
