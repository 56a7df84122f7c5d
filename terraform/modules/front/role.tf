# What ECS does before the front runs; what the front itself may do is the module iam's affair.
module "execution_role" {
  source = "../execution_role"

  name            = var.name
  log_group_arn   = aws_cloudwatch_log_group.this.arn
  repository_arns = var.repository_arn[*]
  secrets         = var.secrets
  tags            = var.tags
}
