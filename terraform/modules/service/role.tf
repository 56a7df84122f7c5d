module "execution_role" {
  source = "../execution_role"

  name            = var.name
  log_group_arn   = aws_cloudwatch_log_group.this.arn
  repository_arns = aws_ecr_repository.this[*].arn
  secrets         = var.secrets
  tags            = var.tags
}

data "aws_caller_identity" "this" {}

# What the app itself may do: nothing, until it is allowed to.
resource "aws_iam_role" "task" {
  name_prefix = "${substr(var.name, 0, 30)}-task-"
  description = "The app ${var.name}"
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

resource "aws_iam_role_policy" "task" {
  count = var.task_policy == null ? 0 : 1

  name   = "app"
  role   = aws_iam_role.task.id
  policy = var.task_policy
}
