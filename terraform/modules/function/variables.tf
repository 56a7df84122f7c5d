variable "name" {
  description = "The function's name; also that of its logs and alarms."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "A function's name has letters, digits, underscores and hyphens, at most 64."
  }
}

variable "description" {
  description = "What it does, for the console."
  type        = string
}

variable "zip" {
  description = "The path of its zip."
  type        = string

  validation {
    condition     = fileexists(var.zip)
    error_message = "There is no such file. Make the zips first: `wakeproxy bundle --out dist/lambdas`."
  }
}

variable "handler" {
  description = "The function in the zip that is called, as MODULE.FUNCTION."
  type        = string
}

variable "role_name" {
  description = "The role that it acts as, by name: the output of the module iam."
  type        = string
}

variable "role_arn" {
  description = "The same role's ARN."
  type        = string
}

variable "environment" {
  description = "Its variables: wakeproxy's settings."
  type        = map(string)
  default     = {}
}

variable "runtime" {
  description = "The runtime that the zip was compiled for."
  type        = string
  default     = "python3.11"

  validation {
    condition     = can(regex("^python3\\.1[1-9]$", var.runtime))
    error_message = "wakeproxy needs Python 3.11 or newer: python3.11, python3.12, ..."
  }
}

variable "architecture" {
  description = "What it runs on: arm64, which costs a fifth less, or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Lambda runs arm64 and x86_64."
  }
}

variable "memory" {
  description = "Memory in MB. CPU comes with it, and with CPU a shorter cold start."
  type        = number
  default     = 512

  validation {
    condition     = var.memory >= 128 && var.memory <= 10240
    error_message = "A function has 128 to 10240 MB."
  }
}

variable "timeout" {
  description = "Seconds after which it is ended."
  type        = number

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "A function runs for 1 to 900 seconds."
  }
}

variable "reserved_concurrency" {
  description = "How many may run at once, reserved for it alone; -1 for as many as the account has left."
  type        = number
  default     = -1

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 1
    error_message = "Write -1, or one at least; with 0 it would never run."
  }
}

variable "subnet_ids" {
  description = "Private subnets that it joins, to reach private addresses; there it needs ways to AWS's endpoints. Empty: none."
  type        = list(string)
  default     = []
}

variable "security_group_ids" {
  description = "Its security groups in those subnets."
  type        = list(string)
  default     = []

  validation {
    condition     = (length(var.security_group_ids) > 0) == (length(var.subnet_ids) > 0)
    error_message = "Subnets and security groups go together: set both or none."
  }
}

variable "log_retention_days" {
  description = "How long its lines are kept."
  type        = number
  default     = 30
}

variable "has_alarms" {
  description = "Whether CloudWatch raises alarms; an account's first ten are free."
  type        = bool
  default     = true
}

variable "alarm_topic_arns" {
  description = "SNS topics that are told of alarms."
  type        = list(string)
  default     = []
}

variable "kms_key_arn" {
  description = "A key of your own for variables and logs; null for AWS's own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
