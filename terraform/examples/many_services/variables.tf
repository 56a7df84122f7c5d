variable "names" {
  description = "The services."
  type        = set(string)
  default     = ["api", "docs", "shop"]
}

variable "domain" {
  description = "The domain below which they are found."
  type        = string
}

variable "certificate_arn" {
  description = "A certificate in ACM for *.DOMAIN."
  type        = string
}

variable "zone_id" {
  description = "The domain's zone in Route 53."
  type        = string
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Its public subnets."
  type        = list(string)
}

variable "github_repository" {
  description = "OWNER/REPOSITORY that rolls out."
  type        = string
}

variable "alarm_topic_arns" {
  description = "SNS topics that are told of alarms."
  type        = list(string)
  default     = []
}

variable "zips" {
  description = "The folder with wake.zip and sleep.zip; null for dist/lambdas of this repository."
  type        = string
  default     = null
}
