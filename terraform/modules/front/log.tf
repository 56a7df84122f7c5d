resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with a key of its own at no cost; kms_key_arn names one of yours.
  #checkov:skip=CKV_AWS_338:An access log holds addresses of people; a month is enough to find a fault: log_retention_days.
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}
