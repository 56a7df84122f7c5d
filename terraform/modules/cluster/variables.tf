variable "name" {
  description = "The cluster's name."
  type        = string
  default     = "wakeproxy"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.name))
    error_message = "A cluster's name has letters, digits, underscores and hyphens, at most 255."
  }
}

variable "container_insights" {
  description = "Whether CloudWatch measures every task's network, which the signal network_above reads. It costs by the metric."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of the cluster, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
