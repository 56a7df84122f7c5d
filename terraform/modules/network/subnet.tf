data "aws_availability_zones" "this" {
  #checkov:skip=CKV_AWS_394:Zones come sorted by name, new ones last, and only the first few are taken.
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

resource "aws_subnet" "this" {
  count = var.zone_count

  vpc_id            = aws_vpc.this.id
  availability_zone = data.aws_availability_zones.this.names[count.index]
  cidr_block        = cidrsubnet(var.cidr_block, 4, count.index)
  tags              = merge(var.tags, { Name = "${var.name}-${count.index}" })
}
