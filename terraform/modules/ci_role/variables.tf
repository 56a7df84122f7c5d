variable "repository" {
  description = "Whose workflows act as the role: OWNER/REPOSITORY on GitHub."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "Write it as OWNER/REPOSITORY; a wildcard would let in repositories of others."
  }
}

variable "subjects" {
  description = "Which of its runs: the rest of the token's subject after the repository. Runs of pull requests are pull_request."
  type        = list(string)
  default     = ["ref:refs/heads/main", "environment:production"]

  validation {
    condition     = length(var.subjects) > 0 && alltrue([for one in var.subjects : can(regex("^(ref:refs/(heads|tags)/.+|environment:.+|pull_request)$", one))])
    error_message = "Write ref:refs/heads/BRANCH, ref:refs/tags/TAG, environment:NAME or pull_request."
  }
}

variable "name" {
  description = "The role's name."
  type        = string
  default     = "wakeproxy-ci"
}

variable "creates_provider" {
  description = "Whether to make GitHub's identity provider; an account has one at most."
  type        = bool
  default     = true
}

variable "deploy_policy" {
  description = "What rollouts need: the output policy of the module iam with role deploy."
  type        = string
}

variable "repository_arns" {
  description = "The image repositories that are pushed to."
  type        = list(string)
  default     = []
}

variable "policy_arns" {
  description = "Further policies, by a name for each: what applying Terraform needs is yours to say."
  type        = map(string)
  default     = {}
}

variable "tags" {
  description = "Tags of everything, besides the provider's default ones."
  type        = map(string)
  default     = {}
}
