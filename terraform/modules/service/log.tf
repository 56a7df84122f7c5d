resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with a key of its own at no cost; kms_key_arn names one of yours.
  #checkov:skip=CKV_AWS_338:How long logs are of use, and may be kept, is the app's own affair: log_retention_days.
  name              = "/ecs/${local.cluster}/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}
