# One small app that costs nothing until somebody looks at it.
#
#   wakeproxy bundle --out dist/lambdas
#   AWS_REGION=eu-central-1 terraform -chdir=terraform/examples/demo apply
module "wakeproxy" {
  source = "../.."

  name = "wakeproxy-demo"
  zips = var.zips
  tags = { purpose = "demo" }

  services = {
    hello = {
      image    = var.image
      command  = var.command
      port     = 8080
      settings = { idle_after = "5m", display_name = "Hello" }
    }
  }
}
