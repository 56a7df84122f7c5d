locals {
  # Who acts as the role; a deploy is somebody's own, such as the role of the module ci_role.
  principals = { front = "ecs-tasks.amazonaws.com", wake = "lambda.amazonaws.com", sleep = "lambda.amazonaws.com" }
  principal  = lookup(local.principals, var.role, null)
}

resource "aws_iam_role" "this" {
  count = local.principal == null ? 0 : 1

  name_prefix = "${substr(var.name, 0, 30)}-${var.role}-"
  description = "wakeproxy: ${var.role}"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = local.principal }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  count = local.principal == null ? 0 : 1

  name   = "wakeproxy-${var.role}"
  role   = one(aws_iam_role.this).id
  policy = local.policy
}
