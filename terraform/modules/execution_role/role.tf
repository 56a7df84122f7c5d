data "aws_caller_identity" "this" {}

locals {
  # A secret's ARN may go on with :KEY:STAGE:VERSION, which IAM knows nothing of.
  secret_arns = sort(distinct([for arn in values(var.secrets) : regex("^arn(?::[^:]*){5,6}", arn)]))
}

# What ECS does before a container runs: pull its image, write its lines, read its secrets.
resource "aws_iam_role" "this" {
  name_prefix = "${substr(var.name, 0, 25)}-execution-"
  description = "ECS starts tasks of ${var.name}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "this" {
  name = "start"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${var.log_group_arn}:*"]
        },
      ],
      [for arn in var.repository_arns : {
        Sid      = "PullImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [arn]
      }],
      [for arn in var.repository_arns : {
        Sid      = "LogInToRegistry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      }],
      [for arns in [local.secret_arns] : {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
        Resource = arns
      } if length(arns) > 0],
    )
  })
}
