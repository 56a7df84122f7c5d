"""The options of silinternational's ``ecs-deploy``, as it reads them: word by word, each value in a word of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from wakeproxy.errors import UsageError

USAGE: Final = 3
"""The exit status of ``ecs-deploy`` for what it does not understand."""

Name: TypeAlias = Literal[
    "access_key", "secret_key", "region", "profile", "instance_profile", "role", "cluster", "service", "family",
    "image", "tag_variable", "tag", "tagged", "desired_count", "min_percent", "max_percent", "timeout",
    "max_definitions", "file", "rolls_back", "takes_latest", "redeploys", "skips_check", "runs_task", "waits",
    "launch_type", "platform_version", "network", "copies_tags", "verbose", "version", "help",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """One option; with a ``value`` it takes the next word."""

    words: tuple[str, ...]
    name: Name
    about: str
    value: str = ""


OPTIONS: Final = (
    Option(("-n", "--service-name"), "service", "The service to deploy; this or -d.", "NAME"),
    Option(("-d", "--task-definition"), "family", "The task definition to deploy; this or -n.", "FAMILY[:REVISION]"),
    Option(("-c", "--cluster"), "cluster", "The cluster of the service or the task.", "NAME"),
    Option(("-i", "--image"), "image", "The image; its tag is latest unless it has one.", "IMAGE"),
    Option(("-e", "--tag-env-var"), "tag_variable", "The variable with the tag of an image that has none.", "VARIABLE"),
    Option(("-to", "--tag-only"), "tag", "The new tag of every container's image.", "TAG"),
    Option(("-toc", "--tag_only_container_names"), "tagged", "Only these containers' images get it.", "NAME,..."),
    Option(("--task-definition-file",), "file", "Start from this file, not from what runs.", "FILE"),
    Option(("--use-latest-task-def",), "takes_latest", "Start from the newest revision, not from what runs."),
    Option(("--copy-task-definition-tags",), "copies_tags", "Copy the task definition's tags."),
    Option(("--force-new-deployment",), "redeploys", "Deploy anew, whether anything changes or not."),
    Option(("-D", "--desired-count"), "desired_count", "How many tasks; left alone otherwise.", "COUNT"),
    Option(("-m", "--min"), "min_percent", "minimumHealthyPercent.", "PERCENT"),
    Option(("-M", "--max"), "max_percent", "maximumPercent.", "PERCENT"),
    Option(("-t", "--timeout"), "timeout", "How long each of the two waits may take; 90 otherwise.", "SECONDS"),
    Option(("--skip-deployments-check",), "skips_check", "Let old tasks take long to drain."),
    Option(("--enable-rollback",), "rolls_back", "Go back to the former revision when it fails."),
    Option(("--max-definitions",), "max_definitions", "Keep so many revisions after a success; 0 keeps all.", "COUNT"),
    Option(("--run-task",), "runs_task", "Run the task definition of -d once."),
    Option(("--wait-for-success",), "waits", "Wait until that task has ended well."),
    Option(("--launch-type",), "launch_type", "Where it runs.", "EC2|FARGATE|EXTERNAL"),
    Option(("--platform-version",), "platform_version", "On which platform of Fargate it runs.", "VERSION"),
    Option(("--network-configuration",), "network", "Its network, as `aws ecs run-task` takes it.", "NETWORK"),
    Option(("-k", "--aws-access-key"), "access_key", "The access key's id, instead of AWS_ACCESS_KEY_ID.", "ID"),
    Option(("-s", "--aws-secret-key"), "secret_key", "The secret key, instead of AWS_SECRET_ACCESS_KEY.", "KEY"),
    Option(("-r", "--region"), "region", "The region, instead of AWS_DEFAULT_REGION.", "REGION"),
    Option(("-p", "--profile"), "profile", "The profile, instead of AWS_PROFILE.", "NAME"),
    Option(("-a", "--aws-assume-role"), "role", "The role to act as.", "ARN"),
    Option(("--aws-instance-profile",), "instance_profile", "Nothing: an instance's role is found without."),
    Option(("-v", "--verbose"), "verbose", "Log everything."),
    Option(("--version",), "version", "Tell the version."),
    Option(("-h", "--help"), "help", "Tell this."),
)
_BY_WORD: Final[Mapping[str, Option]] = {word: option for option in OPTIONS for word in option.words}


@dataclass(frozen=True, slots=True)
class Given:
    """What a command line gives: each option's value, or an empty text for one that takes none."""

    values: Mapping[Name, str] = field(default_factory=dict)

    def __getitem__(self, name: Name) -> str | None:
        return self.values.get(name)

    def __contains__(self, name: Name) -> bool:
        return name in self.values


def read_options(arguments: Sequence[str]) -> Given:
    """Read a command line; of an option that is given twice the last counts.

    Empty words and options with an empty value are as good as none: a GitHub action cannot leave them out.

    Raises:
        UsageError: a word is no option, or an option lacks its value.
    """
    values: dict[Name, str] = {}
    words = iter(arguments)
    for word in words:
        if not word:
            continue
        option = _BY_WORD.get(word)
        if option is None:
            raise refuse(f"{word!r} is no option of ecs-deploy; --help lists them.")
        value = next(words, None) if option.value else ""
        if value is None:
            raise refuse(f"{word} needs a value: {word} {option.value}.")
        if value or not option.value:
            values[option.name] = value
        if option.name in {"version", "help"}:
            break
    return Given(values)


def refuse(sentence: str, status: int = USAGE) -> UsageError:
    """Make the error that leaves with one of ``ecs-deploy``'s exit statuses."""
    error = UsageError(sentence)
    error.exit_status = status
    return error


def render_usage() -> str:
    """Write what ``--help`` tells."""
    heads = [f"{' | '.join(option.words)} {option.value}".rstrip() for option in OPTIONS]
    width = max(map(len, heads))
    lines = (f"  {head:{width}}  {option.about}" for head, option in zip(heads, OPTIONS, strict=True))
    return "\n".join(("Usage: wakeproxy ecs-deploy OPTION ...", "", *lines))
