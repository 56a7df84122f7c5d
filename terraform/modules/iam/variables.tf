variable "role" {
  description = "Who is allowed: front, wake, sleep or deploy, as for `wakeproxy iam`. deploy makes no role, only the policy."
  type        = string

  validation {
    condition     = contains(["front", "wake", "sleep", "deploy"], var.role)
    error_message = "There are front, wake, sleep and deploy."
  }
}

variable "name" {
  description = "What the role's name begins with."
  type        = string
  default     = "wakeproxy"
}

variable "services" {
  description = "The ECS services that are acted upon, each as CLUSTER/SERVICE."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.services : can(regex("^[A-Za-z0-9_-]{1,255}/[A-Za-z0-9_-]{1,255}$", one))])
    error_message = "Write each service with its cluster, such as apps/shop."
  }

  validation {
    condition     = length(var.services) > 0 || var.discover_clusters != null
    error_message = "Nothing is in scope: name services, or set discover_clusters."
  }
}

variable "discover_clusters" {
  description = "The clusters whose services are found by their tags, as `discover.clusters`: names and patterns, [] for all; null if none are found."
  type        = list(string)
  default     = null
}

variable "ledger_table" {
  description = "The name of the ledger's DynamoDB table; null if it is in a file."
  type        = string
  default     = null
}

variable "has_public_addresses" {
  description = "Whether any service has `address: public`."
  type        = bool
  default     = false
}

variable "signals" {
  description = "The signals that any service has: cpu, network, requests, logs."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.signals : contains(["cpu", "network", "requests", "logs"], one)])
    error_message = "There are cpu, network, requests and logs."
  }
}

variable "families" {
  description = "Task definitions that deploy registers, besides those that are named as their services."
  type        = list(string)
  default     = []
}

variable "passed_role_arns" {
  description = "The roles that those task definitions name."
  type        = list(string)
  default     = []
}

variable "log_group_names" {
  description = "The log groups that `wakeproxy task run` follows."
  type        = list(string)
  default     = []
}

variable "prunes" {
  description = "Whether deploy may deregister old revisions, as `--keep-revisions` does. AWS cannot restrict that to some families."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of the role, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
