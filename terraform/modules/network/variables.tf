variable "name" {
  description = "What the network is called in the console."
  type        = string
  default     = "wakeproxy"
}

variable "cidr_block" {
  description = "The network's IPv4 addresses; each zone takes a sixteenth of them."
  type        = string
  default     = "10.42.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr_block)) && try(tonumber(split("/", var.cidr_block)[1]) >= 16 && tonumber(split("/", var.cidr_block)[1]) <= 24, false)
    error_message = "A VPC has a block of /16 to /24, such as 10.42.0.0/16."
  }
}

variable "zone_count" {
  description = "In how many availability zones there is a subnet. Fargate looks for room in all of them."
  type        = number
  default     = 2

  validation {
    condition     = var.zone_count >= 2 && var.zone_count <= 6
    error_message = "Two zones at least, for a load balancer needs them, and six at most."
  }
}

variable "tags" {
  description = "Tags of everything, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
