output "name" {
  description = "The service's name."
  value       = aws_ecs_service.this.name
}

output "port" {
  description = "Where visitors are served."
  value       = local.port
}

output "security_group_id" {
  description = "Its security group, which the services' groups let in."
  value       = module.security_group.id
}

output "role_arns" {
  description = "The roles that its task definition names."
  value       = [module.execution_role.arn, var.role_arn]
}

output "log_group_name" {
  description = "Where its lines go."
  value       = aws_cloudwatch_log_group.this.name
}
