# The ledger: what is wanted of each service, when it was last used, and how its wakes went. On demand, so that it costs
# nothing while nobody asks; the keys and the name of the expiry are wakeproxy's own.
resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_119:DynamoDB encrypts with a key of its own at no cost; kms_key_arn names one of yours.
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = var.deletion_protection
  hash_key                    = "service"
  range_key                   = "item"
  tags                        = var.tags

  attribute {
    name = "service"
    type = "S"
  }

  attribute {
    name = "item"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = var.kms_key_arn != null
    kms_key_arn = var.kms_key_arn
  }
}
