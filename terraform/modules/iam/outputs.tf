output "policy" {
  description = "The policy, as JSON."
  value       = local.policy
}

output "role_name" {
  description = "The role's name; null for deploy."
  value       = one(aws_iam_role.this[*].name)

  # Whoever acts as the role may do what the policy says.
  depends_on = [aws_iam_role_policy.this]
}

output "role_arn" {
  description = "The role's ARN; null for deploy."
  value       = one(aws_iam_role.this[*].arn)
  depends_on  = [aws_iam_role_policy.this]
}
