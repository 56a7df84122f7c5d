# State in S3, with a lock beside it, for all who apply. The bucket is made once, by hand, with versioning:
#
#   terraform init -backend-config=bucket=MY-STATE -backend-config=region=eu-central-1
terraform {
  backend "s3" {
    key          = "wakeproxy/demo.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

module "demo" {
  source = "../demo"
}
