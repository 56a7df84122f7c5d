resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with a key of its own at no cost; kms_key_arn names one of yours.
  #checkov:skip=CKV_AWS_338:Lines name hosts and paths that people visited; a month is enough to find a fault: log_retention_days.
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

locals {
  # Network interfaces have no resource level where Lambda asks for them ("Giving Lambda functions access to resources in
  # an Amazon VPC").
  interface_calls = [
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
  ]
}

# What Lambda itself does in the function's name.
resource "aws_iam_role_policy" "this" {
  #checkov:skip=CKV_AWS_290:Network interfaces have no resource level here, and are only in it with subnet_ids.
  #checkov:skip=CKV_AWS_355:Network interfaces have no resource level here, and are only in it with subnet_ids.
  name = "run-${var.name}"
  role = var.role_name
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
      [for calls in [local.interface_calls] : {
        Sid      = "JoinNetwork"
        Effect   = "Allow"
        Action   = calls
        Resource = ["*"]
      } if length(var.subnet_ids) > 0],
    )
  })
}
