# Roll out: what `wakeproxy iam deploy` prints.
resource "aws_iam_role_policy" "deploy" {
  name   = "wakeproxy-deploy"
  role   = aws_iam_role.this.id
  policy = var.deploy_policy
}

# Push images, and tag what is rolled out.
resource "aws_iam_role_policy" "push" {
  count = length(var.repository_arns) > 0 ? 1 : 0

  name = "push-images"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Push"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:CompleteLayerUpload",
          "ecr:DescribeImages",
          "ecr:GetDownloadUrlForLayer",
          "ecr:InitiateLayerUpload",
          "ecr:PutImage",
          "ecr:UploadLayerPart",
        ]
        Resource = sort(var.repository_arns)
      },
      {
        Sid      = "LogIn"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
    ]
  })
}

# What else workflows do, such as applying Terraform.
resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.policy_arns

  role       = aws_iam_role.this.name
  policy_arn = each.value
}
