variable "name" {
  description = "What the role's name begins with: the ECS service's name."
  type        = string
}

variable "log_group_arn" {
  description = "Where its containers' lines go."
  type        = string
}

variable "repository_arns" {
  description = "Repositories of ECR that its images are pulled from; other registries need no permission."
  type        = list(string)
  default     = []
}

variable "secrets" {
  description = "Variables that are read from Secrets Manager or Parameter Store: by name, the ARN of each."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn(?::[^:]*){5,6}", arn))])
    error_message = "Write ARNs, such as arn:aws:ssm:eu-central-1:123456789012:parameter/shop/password."
  }
}

variable "tags" {
  description = "Tags of the role, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
