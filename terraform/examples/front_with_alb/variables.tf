variable "name" {
  description = "What everything is called."
  type        = string
  default     = "wakeproxy"
}

variable "image" {
  description = "wakeproxy's image."
  type        = string
}

variable "services" {
  description = "The services: by name, the image of each."
  type        = map(string)
}

variable "domain" {
  description = "The domain below which they are found; *.DOMAIN leads to the load balancer."
  type        = string
}

variable "certificate_arn" {
  description = "A certificate in ACM for *.DOMAIN."
  type        = string
}
