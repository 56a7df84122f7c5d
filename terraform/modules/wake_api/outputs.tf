output "url" {
  description = "The API's own address; services are below it by their names."
  value       = aws_apigatewayv2_stage.this.invoke_url
}

output "api_id" {
  description = "The API."
  value       = aws_apigatewayv2_api.this.id
}

output "execution_arn" {
  description = "What to name in policies of those who use the routes that IAM guards: EXECUTION_ARN/$default/POST/wake/*."
  value       = aws_apigatewayv2_api.this.execution_arn
}

output "function_name" {
  description = "The function's name."
  value       = module.function.name
}

output "targets" {
  description = "Where each host's DNS record has to lead, if the module does not write it: a name, and its zone for an alias."
  value = {
    for host, one in aws_apigatewayv2_domain_name.this : host => {
      name    = one.domain_name_configuration[0].target_domain_name
      zone_id = one.domain_name_configuration[0].hosted_zone_id
    }
  }
}

output "log_group_names" {
  description = "Where requests are logged, and what the function says."
  value       = [aws_cloudwatch_log_group.this.name, module.function.log_group_name]
}
