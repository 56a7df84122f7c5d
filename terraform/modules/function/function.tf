# A Lambda from a zip that `wakeproxy bundle` made.
resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:A reservation is taken from the account's other functions; reserved_concurrency makes one.
  #checkov:skip=CKV_AWS_116:Visitors are answered directly, and a sweep that failed is made up for by the next.
  #checkov:skip=CKV_AWS_117:Inside a VPC it would need a NAT gateway or endpoints, which cost while all sleeps; subnet_ids puts it there.
  #checkov:skip=CKV_AWS_173:Its variables hold names, no secrets, and Lambda encrypts them; kms_key_arn names a key of your own.
  #checkov:skip=CKV_AWS_272:A signing profile is an account's own affair; the zip is reproducible, so that its hash can be checked.
  function_name                  = var.name
  description                    = var.description
  role                           = var.role_arn
  filename                       = var.zip
  source_code_hash               = filebase64sha256(var.zip)
  handler                        = var.handler
  runtime                        = var.runtime
  architectures                  = [var.architecture]
  memory_size                    = var.memory
  timeout                        = var.timeout
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn
  tags                           = var.tags

  environment {
    variables = var.environment
  }

  # What visitors' requests are traced with is passed on; traces of its own cost by the request.
  tracing_config {
    mode = "PassThrough"
  }

  dynamic "vpc_config" {
    for_each = length(var.subnet_ids) > 0 ? [var.subnet_ids] : []

    content {
      subnet_ids         = vpc_config.value
      security_group_ids = var.security_group_ids
    }
  }

  lifecycle {
    precondition {
      condition     = sum(concat([0], [for key, value in var.environment : length(key) + length(value)])) <= 4096
      error_message = "A Lambda's variables have 4 KB together. Let services be found by their tags instead (discover = true of the root module)."
    }
  }

  # Its lines have somewhere to go from the first one on, and the group is not made by Lambda, to be left behind.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}
