variable "name" {
  description = "What the function, its schedule, logs and alarms are called."
  type        = string
  default     = "wakeproxy-sleep"
}

variable "zip" {
  description = "The path of sleep.zip, made by `wakeproxy bundle`."
  type        = string
}

variable "role_name" {
  description = "The role that the function acts as, by name: the output of the module iam with role sleep."
  type        = string
}

variable "role_arn" {
  description = "The same role's ARN."
  type        = string
}

variable "environment" {
  description = "The function's variables: wakeproxy's settings, the same as those of whoever wakes."
  type        = map(string)
  default     = {}
}

variable "every_minutes" {
  description = "Minutes between two sweeps. A service stays awake for so much longer than its idle_after at most."
  type        = number
  default     = 1

  validation {
    condition     = var.every_minutes >= 1 && var.every_minutes <= 60 && floor(var.every_minutes) == var.every_minutes
    error_message = "Sweep every 1 to 60 whole minutes."
  }
}

variable "is_paused" {
  description = "Whether nothing is put to sleep for now."
  type        = bool
  default     = false
}

variable "runtime" {
  description = "The runtime that the zip was compiled for."
  type        = string
  default     = "python3.11"
}

variable "architecture" {
  description = "What the function runs on: arm64, which costs a fifth less, or x86_64."
  type        = string
  default     = "arm64"
}

variable "memory" {
  description = "The function's memory in MB."
  type        = number
  default     = 256
}

variable "timeout" {
  description = "Seconds that a sweep may take, with the grace that it gives to visits before it puts to sleep."
  type        = number
  default     = 120
}

variable "log_retention_days" {
  description = "How long lines are kept."
  type        = number
  default     = 30
}

variable "has_alarms" {
  description = "Whether CloudWatch raises alarms when the function fails, is not run, or is not called."
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
