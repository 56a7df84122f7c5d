# Only those may reach the front who stand before it, or everybody where nobody does.
resource "aws_security_group" "this" {
  name        = "${var.name}-front"
  description = "wakeproxy"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-front" })
}

resource "aws_vpc_security_group_ingress_rule" "address" {
  for_each = toset(var.ingress_cidr_blocks)

  security_group_id = aws_security_group.this.id
  description       = "Visitors"
  ip_protocol       = "tcp"
  from_port         = local.port
  to_port           = local.port
  cidr_ipv4         = each.value
  tags              = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "group" {
  for_each = var.ingress_security_groups

  security_group_id            = aws_security_group.this.id
  description                  = "Visitors by way of ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = each.value
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "this" {
  #checkov:skip=CKV_AWS_382:It dials services on whatever port they listen, and AWS.
  security_group_id = aws_security_group.this.id
  description       = "Services and AWS"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
  tags              = var.tags
}
