output "address" {
  description = "Where *.DOMAIN has to lead."
  value       = aws_lb.this.dns_name
}

output "load_balancer_arn" {
  description = "The load balancer, to attach a firewall to."
  value       = aws_lb.this.arn
}
