data "aws_caller_identity" "this" {}

locals {
  assumed_by_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })

  # A secret's ARN may go on with :KEY:STAGE:VERSION, which IAM knows nothing of.
  secret_arns = sort(distinct([
    for arn in values(var.secrets) : startswith(arn, "arn:") ? join(":", slice(split(":", arn), 0, min(7, length(split(":", arn))))) : arn
  ]))
}

# What ECS does before the app runs: pull its image, write its lines, read its secrets.
resource "aws_iam_role" "execution" {
  name_prefix        = "${substr(var.name, 0, 25)}-execution-"
  description        = "ECS starts tasks of ${var.name}"
  assume_role_policy = local.assumed_by_tasks
  tags               = var.tags
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
        },
      ],
      [for arn in aws_ecr_repository.this[*].arn : {
        Sid      = "PullImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [arn]
      }],
      [for arn in aws_ecr_repository.this[*].arn : {
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

# What the app itself may do: nothing, until it is allowed to.
resource "aws_iam_role" "task" {
  name_prefix        = "${substr(var.name, 0, 30)}-task-"
  description        = "The app ${var.name}"
  assume_role_policy = local.assumed_by_tasks
  tags               = var.tags
}

resource "aws_iam_role_policy" "task" {
  count = var.task_policy == null ? 0 : 1

  name   = "app"
  role   = aws_iam_role.task.id
  policy = var.task_policy
}
