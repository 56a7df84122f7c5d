output "name" {
  description = "The service's name."
  value       = aws_ecs_service.this.name
}

output "cluster" {
  description = "The name of its cluster."
  value       = local.cluster
}

output "ecs" {
  description = "What to write as `ecs` of the service in wakeproxy's config, and what the module iam takes."
  value       = "${local.cluster}/${var.name}"
}

output "arn" {
  description = "The service's ARN."
  value       = aws_ecs_service.this.id
}

output "family" {
  description = "The family of its task definitions."
  value       = aws_ecs_task_definition.this.family
}

output "repository_url" {
  description = "Where to push its images; null without a repository."
  value       = local.repository
}

output "repository_arn" {
  description = "The repository's ARN; null without one."
  value       = one(aws_ecr_repository.this[*].arn)
}

output "role_arns" {
  description = "The roles that its task definitions name, which a rollout must be allowed to pass."
  value       = [module.execution_role.arn, aws_iam_role.task.arn]
}

output "task_role_name" {
  description = "The app's own role, to attach policies to."
  value       = aws_iam_role.task.name
}

output "security_group_id" {
  description = "The tasks' security group."
  value       = module.security_group.id
}

output "log_group_name" {
  description = "Where the app's lines go."
  value       = aws_cloudwatch_log_group.this.name
}
