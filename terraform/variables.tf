variable "name" {
  description = "What everything is called, and what names begin with."
  type        = string
  default     = "wakeproxy"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "A name has lower-case letters, digits and hyphens, beginning with a letter, at most 31."
  }
}

variable "services" {
  description = "The services, by their names. `settings` are keys of wakeproxy's config, such as { idle_after = \"30m\", \"ready.path\" = \"/healthz\" }."
  type = map(object({
    image        = optional(string)
    port         = optional(number, 8080)
    cpu          = optional(number, 256)
    memory       = optional(number, 512)
    architecture = optional(string, "ARM64")
    command      = optional(list(string), [])
    environment  = optional(map(string), {})
    secrets      = optional(map(string), {})
    health_check = optional(string)
    read_only    = optional(bool, true)
    hosts        = optional(list(string), [])
    settings     = optional(map(string), {})
  }))

  validation {
    condition     = length(var.services) > 0
    error_message = "Name one service at least: services = { shop = { image = \"...\" } }."
  }

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z][a-z0-9-]{0,62}$", name))])
    error_message = "A service's name has lower-case letters, digits and hyphens, beginning with a letter, at most 63."
  }

  validation {
    condition     = alltrue(flatten([for one in values(var.services) : [for key in keys(one.settings) : can(regex("^[a-z_]+(\\.[a-z_]+)?$", key)) && !contains(["ecs", "hosts", "port", "address", "serve"], key)]]))
    error_message = "Settings are keys of a service as docs/settings.md names them, without ecs, hosts, port, address and serve, which are set already."
  }
}

variable "discover" {
  description = "Whether both functions find the services by their tags, which costs a cold start two calls. Without it their settings are variables, which have room for about ten services."
  type        = bool
  default     = false
}

variable "serve" {
  description = "How visitors get to an app that is awake: redirect, to its own address, or proxy, through the function (6 MB a request at most)."
  type        = string
  default     = "redirect"

  validation {
    condition     = contains(["redirect", "proxy"], var.serve)
    error_message = "There are redirect and proxy."
  }
}

variable "vpc_id" {
  description = "A network of your own; null makes one."
  type        = string
  default     = null
}

variable "subnet_ids" {
  description = "Public subnets of that network."
  type        = list(string)
  default     = []

  validation {
    condition     = (length(var.subnet_ids) > 0) == (var.vpc_id != null)
    error_message = "vpc_id and subnet_ids go together: set both, or none to have a network made."
  }
}

variable "visitor_cidr_blocks" {
  description = "Who may reach the apps by address: everybody, for the function and those whom it redirects come from anywhere."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "zips" {
  description = "The folder with wake.zip and sleep.zip; null for dist/lambdas of this repository, where `wakeproxy bundle` puts them."
  type        = string
  default     = null
}

variable "sweep_minutes" {
  description = "Minutes between two sweeps of the sleeper."
  type        = number
  default     = 1
}

variable "domains" {
  description = "The API's own domains, each by its name or as a wildcard such as *.example.com; null for every host that a service has."
  type        = list(string)
  default     = null
}

variable "certificate_arn" {
  description = "The certificate in ACM for those domains; null if there are none and services are found by their paths."
  type        = string
  default     = null
}

variable "zone_id" {
  description = "The zone in Route 53 to write the domains' records to; null if you write them yourself."
  type        = string
  default     = null
}

variable "has_ops_routes" {
  description = "Whether POST /wake/{service}, POST /sleep/{service}, GET /status and GET /status/{service} are there, for IAM's principals. Turn it off where an app has these paths itself."
  type        = bool
  default     = true
}

variable "github_repository" {
  description = "OWNER/REPOSITORY whose workflows may roll out; null for none."
  type        = string
  default     = null
}

variable "alarm_topic_arns" {
  description = "SNS topics that are told of alarms."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
