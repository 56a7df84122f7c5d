variable "name" {
  description = "The group's name."
  type        = string
}

variable "description" {
  description = "Whose it is, for the console."
  type        = string
}

variable "vpc_id" {
  description = "The VPC that it is in."
  type        = string
}

variable "port" {
  description = "The port that is opened."
  type        = number
}

variable "ingress_cidr_blocks" {
  description = "Who may reach it by address."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for block in var.ingress_cidr_blocks : can(cidrnetmask(block))])
    error_message = "Write blocks of IPv4 addresses, such as 203.0.113.0/24."
  }
}

variable "ingress_security_groups" {
  description = "Security groups that may reach it, by a name for each."
  type        = map(string)
  default     = {}
}

variable "tags" {
  description = "Tags of everything, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
