variable "name" {
  description = "What the service, its task definition, logs and alarms are called."
  type        = string
  default     = "wakeproxy-front"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,62}$", var.name))
    error_message = "A name has letters, digits and hyphens, beginning with a letter, at most 63."
  }
}

variable "image" {
  description = "wakeproxy's image."
  type        = string
}

variable "repository_arn" {
  description = "The repository of that image, if it is one of ECR in this account; null for another."
  type        = string
  default     = null
}

variable "cluster" {
  description = "The name of the cluster that it runs in."
  type        = string
}

variable "role_arn" {
  description = "The role that it acts as: the output of the module iam with role front."
  type        = string
}

variable "ledger_table" {
  description = "The name of the ledger's DynamoDB table: the output of the module ledger."
  type        = string
}

variable "settings" {
  description = "wakeproxy's settings as variables: { WAKEPROXY__DISCOVER = \"true\" }."
  type        = map(string)
  default     = { WAKEPROXY__DISCOVER = "true" }

  validation {
    condition     = alltrue([for key in keys(var.settings) : startswith(key, "WAKEPROXY__")])
    error_message = "Settings begin with WAKEPROXY__, as in WAKEPROXY__DEFAULTS__IDLE_AFTER."
  }
}

variable "secrets" {
  description = "Variables that are read from Secrets Manager or Parameter Store: by name, the ARN of each."
  type        = map(string)
  default     = {}
}

variable "vpc_id" {
  description = "The VPC that its subnets are in."
  type        = string
}

variable "subnet_ids" {
  description = "Where it runs; in the VPC of the services, whose private addresses it dials."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "Name one subnet at least; two in different zones outlive the loss of one."
  }
}

variable "assign_public_ip" {
  description = "Whether it has a public address. Without a NAT gateway it needs one to call AWS."
  type        = bool
  default     = true
}

variable "ingress_cidr_blocks" {
  description = "Who may reach it by address; empty where a load balancer stands before it."
  type        = list(string)
  default     = []
}

variable "ingress_security_groups" {
  description = "Security groups that may reach it, by a name for each: a load balancer's."
  type        = map(string)
  default     = {}
}

variable "target_group_arns" {
  description = "Target groups of load balancers that it belongs to."
  type        = list(string)
  default     = []
}

variable "replicas" {
  description = "How many run. Each can do everything; two outlive the loss of one."
  type        = number
  default     = 1

  validation {
    condition     = var.replicas >= 1
    error_message = "One at least: who sleeps must be woken by somebody."
  }
}

variable "cpu" {
  description = "CPU units of a task; 1024 are one vCPU."
  type        = number
  default     = 256

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "Fargate has tasks of 256, 512, 1024, 2048, 4096, 8192 and 16384 CPU units."
  }
}

variable "memory" {
  description = "Memory of a task, in MiB."
  type        = number
  default     = 512
}

variable "architecture" {
  description = "What the image is built for: ARM64, which costs a fifth less, or X86_64."
  type        = string
  default     = "ARM64"

  validation {
    condition     = contains(["ARM64", "X86_64"], var.architecture)
    error_message = "Fargate runs ARM64 and X86_64."
  }
}

variable "drain_seconds" {
  description = "How long requests may go on when it is replaced; at most 110."
  type        = number
  default     = 60

  validation {
    condition     = var.drain_seconds >= 0 && var.drain_seconds <= 110
    error_message = "Fargate kills after 120 seconds, and it needs some of them to end: 0 to 110."
  }
}

variable "log_retention_days" {
  description = "How long its lines are kept."
  type        = number
  default     = 30
}

variable "has_alarms" {
  description = "Whether CloudWatch raises alarms when it is short of CPU or memory, or does not run."
  type        = bool
  default     = true
}

variable "alarm_topic_arns" {
  description = "SNS topics that are told of alarms."
  type        = list(string)
  default     = []
}

variable "kms_key_arn" {
  description = "A key of your own for its logs; null for AWS's own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
