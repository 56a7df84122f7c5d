output "url" {
  description = "The API's own address; each service is below it by its name, and one alone without hosts has all of it."
  value       = module.wake_api.url
}

output "urls" {
  description = "Where to visit each service."
  value = {
    for name, one in var.services :
    name => length(one.hosts) > 0 ? "https://${one.hosts[0]}/" : join("/", concat([trimsuffix(module.wake_api.url, "/")], length(var.services) > 1 ? [name, ""] : [""]))
  }
}

output "targets" {
  description = "Where the DNS record of each domain has to lead, unless zone_id is set."
  value       = module.wake_api.targets
}

output "cluster" {
  description = "The cluster's name."
  value       = module.cluster.name
}

output "ledger" {
  description = "What to write as `ledger` in a config for the command line."
  value       = module.ledger.url
}

output "repository_urls" {
  description = "Where to push each service's images."
  value       = { for name, one in module.service : name => one.repository_url }
}

output "sweep_function" {
  description = "The function that sweeps; invoked by hand it does so at once."
  value       = module.sleeper.function_name
}

output "policies" {
  description = "What the functions may do, as `wakeproxy iam` prints it."
  value       = { wake = module.wake_role.policy, sleep = module.sleep_role.policy }
}

output "ci_role_arn" {
  description = "The role that workflows act as; null without github_repository."
  value       = one(module.ci_role[*].role_arn)
}

output "vpc_id" {
  description = "The network, for what else is to be in it."
  value       = local.vpc_id
}

output "subnet_ids" {
  description = "Its subnets."
  value       = local.subnet_ids
}
