variable "name" {
  description = "The service's name; also that of its container and, with the cluster's, of its repository and its logs."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,62}$", var.name))
    error_message = "A service's name has lower-case letters, digits and hyphens, beginning with a letter, at most 63: it names a repository and a host, too."
  }
}

variable "cluster" {
  description = "The name of the cluster that it runs in; null makes one of the service's own name."
  type        = string
  default     = null
}

variable "family" {
  description = "The family of its task definitions; null for one of the service's name. Services of one name in two clusters need two."
  type        = string
  default     = null
}

variable "vpc_id" {
  description = "The VPC that its subnets are in."
  type        = string
}

variable "subnet_ids" {
  description = "Where its tasks run."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "Name one subnet at least; two in different zones find room more often."
  }
}

variable "assign_public_ip" {
  description = "Whether its tasks have public addresses. Without a NAT gateway they need them to pull their image."
  type        = bool
  default     = true
}

variable "ingress_cidr_blocks" {
  description = "Who may reach the container's port by address; 0.0.0.0/0 where visitors are redirected to it."
  type        = list(string)
  default     = []
}

variable "ingress_security_groups" {
  description = "Security groups that may reach the container's port, by a name for each: a front's, a load balancer's."
  type        = map(string)
  default     = {}
}

variable "target_group_arns" {
  description = "Target groups of load balancers that its tasks belong to."
  type        = list(string)
  default     = []
}

variable "image" {
  description = "The first revision's image; null for the tag initial of the service's own repository. It is pulled at the first wake."
  type        = string
  default     = null

  validation {
    condition     = var.image != ""
    error_message = "An image's reference is not empty; leave it out to use the service's own repository."
  }
}

variable "container_port" {
  description = "Where the app listens."
  type        = number
  default     = 8080

  validation {
    condition     = var.container_port >= 1 && var.container_port <= 65535
    error_message = "A port is a number from 1 to 65535."
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
  description = "Memory of a task, in MiB; Fargate's table says which go with which CPU."
  type        = number
  default     = 512

  validation {
    condition     = var.memory >= 512 && var.memory <= 122880
    error_message = "A task has 512 to 122880 MiB."
  }
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

variable "command" {
  description = "The container's command; empty for the image's own."
  type        = list(string)
  default     = []
}

variable "environment" {
  description = "The container's environment."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Variables that are read from Secrets Manager or Parameter Store: by name, the ARN of each."
  type        = map(string)
  default     = {}
}

variable "health_check" {
  description = "A shell command that fails while the app is not healthy; null for none."
  type        = string
  default     = null
}

variable "read_only" {
  description = "Whether the container's own file system cannot be written to."
  type        = bool
  default     = true
}

variable "stop_timeout" {
  description = "Seconds that the app has to end after SIGTERM; at most 120."
  type        = number
  default     = 30

  validation {
    condition     = var.stop_timeout >= 1 && var.stop_timeout <= 120
    error_message = "Fargate gives 1 to 120 seconds."
  }
}

variable "task_policy" {
  description = "What the app itself may do in AWS, as a policy in JSON; null for nothing."
  type        = string
  default     = null
}

variable "settings" {
  description = "The service's keys for wakeproxy's discovery, which become its tags: { enable = \"true\", hosts = \"shop.example.com\", idle_after = \"30m\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for value in values(var.settings) : can(regex("^[\\p{L}\\p{N} +=._:/@-]{0,256}$", value))])
    error_message = "A tag's value holds letters, digits, spaces and + - = . _ : / @ only, at most 256; see docs/discovery.md for lists and wildcards."
  }
}

variable "has_repository" {
  description = "Whether the service has a repository of its own for its images."
  type        = bool
  default     = true
}

variable "keep_images" {
  description = "How many of the newest builds are kept in the repository."
  type        = number
  default     = 30

  validation {
    condition     = var.keep_images >= 1
    error_message = "Keep one at least."
  }
}

variable "keep_deployed" {
  description = "How many images with a tag deployed-* are kept, whatever was built after them."
  type        = number
  default     = 10

  validation {
    condition     = var.keep_deployed >= 2
    error_message = "Keep what runs and what can be rolled back to: two at least."
  }
}

variable "log_retention_days" {
  description = "How long the app's lines are kept."
  type        = number
  default     = 30
}

variable "kms_key_arn" {
  description = "A key of your own for images and logs; null for AWS's own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
