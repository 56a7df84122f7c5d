# Tags never change what they mean: a revision that names one runs the same bits for ever.
resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_136:The registry's own encryption costs nothing; kms_key_arn names a key of your own.
  count = var.has_repository ? 1 : 0

  name                 = lower("${local.cluster}/${var.name}")
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true
  tags                 = var.tags

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = var.kms_key_arn == null ? "AES256" : "KMS"
    kms_key         = var.kms_key_arn
  }
}

# "An image that matches the tagging requirements of a rule cannot be expired by a rule with a lower priority" (ECR user
# guide, lifecycle policies): what was tagged deployed-* is kept, however many builds came after it.
resource "aws_ecr_lifecycle_policy" "this" {
  count = var.has_repository ? 1 : 0

  repository = one(aws_ecr_repository.this).name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Keep what runs, and what can be rolled back to"
        selection = {
          tagStatus      = "tagged"
          tagPatternList = ["deployed-*"]
          countType      = "imageCountMoreThan"
          countNumber    = var.keep_deployed
        }
        action = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Drop what has no tag"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = 14
        }
        action = { type = "expire" }
      },
      {
        rulePriority = 3
        description  = "Keep the newest builds"
        selection = {
          tagStatus   = "any"
          countType   = "imageCountMoreThan"
          countNumber = var.keep_images
        }
        action = { type = "expire" }
      },
    ]
  })
}
