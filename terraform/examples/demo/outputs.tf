output "urls" {
  description = "Open one in a browser."
  value       = module.wakeproxy.urls
}

output "sweep_function" {
  description = "Sweeps at once when it is invoked."
  value       = module.wakeproxy.sweep_function
}

output "wakeproxy" {
  description = "All that the root module tells."
  value       = module.wakeproxy
}
