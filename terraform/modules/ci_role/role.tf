# GitHub's workflows act as this role by the token that GitHub signs for each run; no key is kept anywhere.
data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

locals {
  issuer       = "token.actions.githubusercontent.com"
  here         = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}"
  provider_arn = var.creates_provider ? one(aws_iam_openid_connect_provider.this).arn : "${local.here}:oidc-provider/${local.issuer}"
}

resource "aws_iam_openid_connect_provider" "this" {
  count = var.creates_provider ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
  tags           = var.tags
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Workflows of ${var.repository}"
  max_session_duration = 3600
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.provider_arn }
      Condition = {
        StringEquals = { "${local.issuer}:aud" = "sts.amazonaws.com" }
        StringLike   = { "${local.issuer}:sub" = [for one in sort(var.subjects) : "repo:${var.repository}:${one}"] }
      }
    }]
  })
}
