variable "image" {
  description = "The app's image."
  type        = string
  default     = "docker.io/traefik/whoami:v1.11.0"
}

variable "command" {
  description = "Its command; empty for the image's own."
  type        = list(string)
  default     = ["--port", "8080"]
}

variable "zips" {
  description = "The folder with wake.zip and sleep.zip; null for dist/lambdas of this repository."
  type        = string
  default     = null
}
