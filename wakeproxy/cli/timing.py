"""Options of the commands that run a sandbox."""

import click

TIMING = click.option(
    "--timing",
    type=click.Choice(["instant", "fast", "fargate"]),
    default="fast",
    show_default=True,
    help="How long a task's life takes: at once, about six seconds, or as on Fargate.",
)
PULL = click.option(
    "--pull",
    type=click.Choice(["known", "any"]),
    default="known",
    show_default=True,
    help="Whether an unknown image fails as on AWS, or runs an app that echoes requests.",
)
