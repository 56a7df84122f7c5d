resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:Its access log needs a bucket of yours; the front writes one of its own.
  #checkov:skip=CKV_AWS_150:An example can be taken down again; protect what you keep.
  #checkov:skip=CKV2_AWS_28:Rules of a firewall are an account's own affair; attach yours to the output load_balancer_arn.
  name                       = var.name
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.this.id]
  subnets                    = module.network.subnet_ids
  drop_invalid_header_fields = true
  # As long as the front holds requests at most, and more.
  idle_timeout = 120
  tags         = local.tags
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends here; the front is reached inside the network only.
  name        = var.name
  vpc_id      = module.network.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = 8080
  # Longer than the front's own drain.
  deregistration_delay = 90
  tags                 = local.tags

  # No host of any service is asked for, so that the front answers 404 itself, and no service is woken.
  health_check {
    path     = "/"
    matcher  = "404"
    interval = 10
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn
  tags              = local.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"
  tags              = local.tags

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-balancer"
  description = "The load balancer before wakeproxy"
  vpc_id      = module.network.vpc_id
  tags        = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  #checkov:skip=CKV_AWS_260:Whoever comes by plain HTTP is sent to HTTPS.
  for_each = { http = 80, https = 443 }

  security_group_id = aws_security_group.this.id
  description       = "Visitors by ${each.key}"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_ipv4         = "0.0.0.0/0"
  tags              = local.tags
}

resource "aws_vpc_security_group_egress_rule" "this" {
  security_group_id            = aws_security_group.this.id
  description                  = "The front"
  ip_protocol                  = "tcp"
  from_port                    = module.front.port
  to_port                      = module.front.port
  referenced_security_group_id = module.front.security_group_id
  tags                         = local.tags
}
