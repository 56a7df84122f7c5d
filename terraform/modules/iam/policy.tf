# The same as `wakeproxy iam` prints: exact actions, by the services' ARNs, in their clusters only.
data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  region  = data.aws_region.this.id
  account = "${local.region}:${data.aws_caller_identity.this.account_id}"
  arn     = "arn:${data.aws_partition.this.partition}"
  ecs     = "${local.arn}:ecs:${local.account}"

  is_found = var.discover_clusters != null
  found    = var.discover_clusters == null ? [] : length(var.discover_clusters) == 0 ? ["*"] : var.discover_clusters
  named    = distinct([for one in var.services : split("/", one)[0]])
  clusters = sort(distinct(concat(local.named, local.found)))

  # What is found by its tags may want anything that tags can say.
  signals    = local.is_found ? toset(["cpu", "network", "requests", "logs"]) : var.signals
  has_public = local.is_found || var.has_public_addresses
  families   = distinct(concat([for one in var.services : split("/", one)[1]], var.families))
  waits      = contains(["front", "wake", "deploy"], var.role)

  in_named    = { ArnEquals = { "ecs:cluster" = sort([for one in local.named : "${local.ecs}:cluster/${one}"]) } }
  in_found    = { ArnEquals = { "ecs:cluster" = sort([for one in local.found : "${local.ecs}:cluster/${one}"]) } }
  in_clusters = { ArnEquals = { "ecs:cluster" = sort([for one in local.clusters : "${local.ecs}:cluster/${one}"]) } }
  everywhere  = sort([for one in local.found : "${local.ecs}:service/${one}/*"])

  opt_in = {
    "sablier.enable"   = { sid = "SablierEnable", values = ["true"] }
    "wakeproxy:enable" = { sid = "WakeproxyEnable", values = ["on", "true", "yes"] }
  }

  services = concat(
    [for arns in [sort([for one in var.services : "${local.ecs}:service/${one}"])] : {
      Sid       = "Services"
      Effect    = "Allow"
      Action    = ["ecs:DescribeServices", "ecs:UpdateService"]
      Resource  = arns
      Condition = local.in_named
    } if length(arns) > 0],
    [for arns in [local.everywhere] : {
      Sid       = "FoundServices"
      Effect    = "Allow"
      Action    = ["ecs:DescribeServices"]
      Resource  = arns
      Condition = local.in_found
    } if local.is_found],
    [for tag in ["wakeproxy:enable", "sablier.enable"] : {
      Sid       = local.opt_in[tag].sid
      Effect    = "Allow"
      Action    = ["ecs:UpdateService"]
      Resource  = local.everywhere
      Condition = merge(local.in_found, { StringEqualsIgnoreCase = { "aws:ResourceTag/${tag}" = local.opt_in[tag].values } })
    } if local.is_found],
  )

  tasks = concat(
    [
      {
        Sid       = "ListTasks"
        Effect    = "Allow"
        Action    = ["ecs:ListTasks"]
        Resource  = ["*"]
        Condition = local.in_clusters
      },
      {
        Sid       = "Tasks"
        Effect    = "Allow"
        Action    = ["ecs:DescribeTasks", "ecs:GetTaskProtection"]
        Resource  = sort([for one in local.clusters : "${local.ecs}:task/${one}/*"])
        Condition = local.in_clusters
      },
    ],
    [for action in ["ecs:DescribeTaskDefinition"] : {
      Sid      = "TaskDefinitions"
      Effect   = "Allow"
      Action   = [action]
      Resource = ["*"]
    } if var.role == "deploy" || contains(local.signals, "logs")],
    [for action in ["ec2:DescribeNetworkInterfaces"] : {
      Sid       = "PublicAddresses"
      Effect    = "Allow"
      Action    = [action]
      Resource  = ["*"]
      Condition = { StringEquals = { "ec2:Region" = local.region } }
    } if local.has_public && local.waits],
  )

  scaling = [
    {
      Sid      = "ScalableTargets"
      Effect   = "Allow"
      Action   = ["application-autoscaling:DescribeScalableTargets"]
      Resource = ["*"]
    },
    {
      Sid      = "Minimums"
      Effect   = "Allow"
      Action   = ["application-autoscaling:RegisterScalableTarget"]
      Resource = ["${local.arn}:application-autoscaling:${local.account}:scalable-target/*"]
      Condition = {
        StringEquals = {
          "application-autoscaling:scalable-dimension" = "ecs:service:DesiredCount"
          "application-autoscaling:service-namespace"  = "ecs"
        }
      }
    },
  ]

  reading = concat(
    [for action in ["cloudwatch:GetMetricData"] : {
      Sid      = "Signals"
      Effect   = "Allow"
      Action   = contains(local.signals, "requests") ? [action, "cloudwatch:ListMetrics"] : [action]
      Resource = ["*"]
    } if length(local.signals) > 0],
    [for action in ["tag:GetResources"] : {
      Sid      = "FindByTags"
      Effect   = "Allow"
      Action   = [action]
      Resource = ["*"]
    } if local.is_found],
  )

  ledger_calls = local.waits ? ["BatchGetItem", "PutItem", "Query", "UpdateItem"] : ["BatchGetItem", "UpdateItem"]

  ledger = [for name in var.ledger_table[*] : {
    Sid      = "Ledger"
    Effect   = "Allow"
    Action   = [for call in local.ledger_calls : "dynamodb:${call}"]
    Resource = ["${local.arn}:dynamodb:${local.account}:table/${name}"]
  }]

  revisions = sort([for one in local.families : "${local.ecs}:task-definition/${one}:*"])

  rollouts = concat(
    [
      {
        Sid      = "Register"
        Effect   = "Allow"
        Action   = ["ecs:RegisterTaskDefinition"]
        Resource = local.revisions
      },
      {
        Sid       = "TagRevisions"
        Effect    = "Allow"
        Action    = ["ecs:TagResource"]
        Resource  = local.revisions
        Condition = { StringEquals = { "ecs:CreateAction" = "RegisterTaskDefinition" } }
      },
    ],
    [{
      Sid       = "RunTasks"
      Effect    = "Allow"
      Action    = ["ecs:RunTask"]
      Resource  = local.revisions
      Condition = local.in_clusters
    }],
    [for arns in [sort(var.passed_role_arns)] : {
      Sid       = "PassRoles"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = arns
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    } if length(arns) > 0],
    [for arns in [sort(var.passed_role_arns)] : {
      Sid      = "LookUpRoles"
      Effect   = "Allow"
      Action   = ["iam:GetRole"]
      Resource = arns
    } if length(arns) > 0],
    local.looking_up,
    [for names in [sort(var.log_group_names)] : {
      Sid      = "FollowLogs"
      Effect   = "Allow"
      Action   = ["logs:GetLogEvents"]
      Resource = [for one in names : "${local.arn}:logs:${local.account}:log-group:${one}:log-stream:*"]
    } if length(names) > 0],
    [for one in local.pruning : one if var.prunes],
  )

  # Whether there is what a revision names, whatever that is; no value of it is told.
  looking_up = [
    {
      Sid    = "LookUp"
      Effect = "Allow"
      Action = ["ecr:DescribeImages", "logs:DescribeLogGroups", "secretsmanager:DescribeSecret"]
      Resource = [
        "${local.arn}:ecr:${local.account}:repository/*",
        "${local.arn}:logs:${local.account}:log-group:*",
        "${local.arn}:secretsmanager:${local.account}:secret:*",
      ]
    },
    {
      Sid      = "LookUpEverywhere"
      Effect   = "Allow"
      Action   = ["ecr:DescribePullThroughCacheRules", "ecs:ListTaskDefinitions", "ssm:DescribeParameters"]
      Resource = ["*"]
    },
  ]

  # Which revisions are in use, by whatever and in whichever cluster.
  pruning = [
    {
      Sid      = "Prune"
      Effect   = "Allow"
      Action   = ["ecs:DeregisterTaskDefinition", "ecs:ListClusters", "ecs:ListServices", "ecs:ListTasks"]
      Resource = ["*"]
    },
    {
      Sid      = "FindInUse"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices", "ecs:DescribeTasks"]
      Resource = ["${local.ecs}:service/*", "${local.ecs}:task/*"]
    },
  ]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.services, local.tasks, local.scaling, local.reading, local.ledger,
      [for one in local.rollouts : one if var.role == "deploy"],
    )
  })
}
