output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "Its subnets, one for each zone; what runs in them needs a public address."
  value       = aws_subnet.this[*].id

  # Whoever uses the subnets reaches the internet, and nothing is left in them when the way there is taken down.
  depends_on = [aws_route_table_association.this]
}
