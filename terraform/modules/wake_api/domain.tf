# Hosts of your own. Without them services are found by their path at the API's own address.
resource "aws_apigatewayv2_domain_name" "this" {
  for_each = toset(var.hosts)

  domain_name = each.value
  tags        = var.tags

  domain_name_configuration {
    certificate_arn = var.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }

  lifecycle {
    precondition {
      condition     = var.certificate_arn != null
      error_message = "Hosts of your own need certificate_arn: a certificate for them in ACM, in this Region."
    }
  }
}

resource "aws_apigatewayv2_api_mapping" "this" {
  for_each = aws_apigatewayv2_domain_name.this

  api_id      = aws_apigatewayv2_api.this.id
  domain_name = each.value.id
  stage       = aws_apigatewayv2_stage.this.id
}

resource "aws_route53_record" "this" {
  for_each = var.zone_id == null ? {} : aws_apigatewayv2_domain_name.this

  zone_id = var.zone_id
  name    = each.key
  type    = "A"

  alias {
    name                   = each.value.domain_name_configuration[0].target_domain_name
    zone_id                = each.value.domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = false
  }
}
