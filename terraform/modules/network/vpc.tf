# Public subnets only: a NAT gateway would cost more a month than all that sleeps. Tasks have public addresses, and
# their security groups say who may reach them.
resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:Flow logs cost by the gigabyte; whoever must keep them brings a network of their own.
  cidr_block           = var.cidr_block
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = merge(var.tags, { Name = var.name })
}

# Nothing uses the group that every VPC comes with; it admits nobody.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-unused" })
}
