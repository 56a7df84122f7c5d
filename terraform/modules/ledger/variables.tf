variable "name" {
  description = "The table's name; wakeproxy's config names it as `ledger: dynamodb://NAME`."
  type        = string
  default     = "wakeproxy"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.name))
    error_message = "A table's name has 3 to 255 letters, digits, underscores, dots and hyphens."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the table. Without the ledger nothing is put to sleep, and what was learned of wakes is lost."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "A key of your own to encrypt the table with; null for the one that DynamoDB owns."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the table, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
