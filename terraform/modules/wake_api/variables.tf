variable "name" {
  description = "What the API, its function, logs and alarms are called."
  type        = string
  default     = "wakeproxy-wake"
}

variable "zip" {
  description = "The path of wake.zip, made by `wakeproxy bundle`."
  type        = string
}

variable "role_name" {
  description = "The role that the function acts as, by name: the output of the module iam with role wake."
  type        = string
}

variable "role_arn" {
  description = "The same role's ARN."
  type        = string
}

variable "environment" {
  description = "The function's variables: wakeproxy's settings."
  type        = map(string)
  default     = {}
}

variable "wait_ms" {
  description = "Milliseconds that a request which is no page is held at most while the service wakes; within API Gateway's 30 seconds."
  type        = number
  default     = 25000

  validation {
    condition     = var.wait_ms >= 0 && var.wait_ms <= 28000
    error_message = "Wait 0 to 28000 milliseconds: after 29 seconds the function is ended, and the visitor gets nothing."
  }
}

variable "hosts" {
  description = "Host names that lead to the API, such as shop.example.com and *.apps.example.com."
  type        = list(string)
  default     = []
}

variable "certificate_arn" {
  description = "The certificate in ACM for those hosts."
  type        = string
  default     = null
}

variable "zone_id" {
  description = "The zone in Route 53 to write their records to; null if you write them yourself: see the output targets."
  type        = string
  default     = null
}

variable "has_default_endpoint" {
  description = "Whether the API is reached at its own address, execute-api, as well, where the first part of the path names the service."
  type        = bool
  default     = true
}

variable "has_ops_routes" {
  description = "Whether POST /wake/{service}, POST /sleep/{service}, GET /status and GET /status/{service} are there, for IAM's principals. Turn it off where an app has these paths itself."
  type        = bool
  default     = true
}

variable "throttling_rate" {
  description = "Requests a second that are passed on, in the long run."
  type        = number
  default     = 50

  validation {
    condition     = var.throttling_rate > 0
    error_message = "With 0 nobody would be answered."
  }
}

variable "throttling_burst" {
  description = "Requests at once that are passed on."
  type        = number
  default     = 100

  validation {
    condition     = var.throttling_burst >= 1
    error_message = "With 0 nobody would be answered."
  }
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
  description = "The function's memory in MB. CPU comes with it, and with CPU a shorter cold start."
  type        = number
  default     = 1024
}

variable "reserved_concurrency" {
  description = "How many requests are answered at once, reserved for it alone; -1 for as many as the account has left."
  type        = number
  default     = -1
}

variable "subnet_ids" {
  description = "Private subnets that the function joins, to reach tasks by private addresses; there it needs ways to AWS's endpoints."
  type        = list(string)
  default     = []
}

variable "security_group_ids" {
  description = "Its security groups in those subnets."
  type        = list(string)
  default     = []
}

variable "log_retention_days" {
  description = "How long lines are kept."
  type        = number
  default     = 30
}

variable "has_alarms" {
  description = "Whether CloudWatch raises alarms when the function fails or is not run. Answers with status 503 are none: wait pages have it."
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
