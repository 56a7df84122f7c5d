output "urls" {
  description = "Where each is found."
  value       = module.wakeproxy.urls
}

output "repository_urls" {
  description = "Where to push their images, with the tag initial the first time."
  value       = module.wakeproxy.repository_urls
}

output "ci_role_arn" {
  description = "The role that workflows act as."
  value       = module.wakeproxy.ci_role_arn
}
