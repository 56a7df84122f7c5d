"""What AWS says when a task stops or a service stands still, by the cause it means and whether time alone heals it.

Texts are those of the ECS developer guide ("Stopped tasks error messages", "Service event messages") and of public
issue threads; account ids and names are made up.
"""

from wakeproxy.core.causes import Cause

FOR_GOOD, FOR_NOW = False, True

ACCOUNT = "123456789012"
ECR = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
REFUSED = f"AccessDeniedException: User: arn:aws:sts::{ACCOUNT}:assumed-role/shop-execution/0f1e is not authorized to"
NO_SECRETS = "ResourceInitializationError: unable to pull secrets or registry auth"
NO_LOGGER = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times"
LOG_STREAM = f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/ecs/shop:log-stream:"
TARGET_GROUP = f"arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}:targetgroup/shop/50dc6c495c0c9188"
BLOB = "failed to copy: httpReaderSeeker: failed open"

STOPPED_REASONS: dict[tuple[Cause, bool], tuple[str, ...]] = {
    (Cause.IMAGE_MISSING, FOR_GOOD): (
        f"CannotPullContainerError: API error (404): repository {ECR}/shop not found",
        f"CannotPullContainerError: pull image manifest has been retried 7 time(s): {ECR}/shop:1: not found",
        f"CannotPullContainerError: ref pull has been retried 5 time(s): {BLOB}: unexpected status code 403 Forbidden",
        "CannotPullContainerError: pull access denied for shop, repository does not exist or needs 'docker login'",
    ),
    (Cause.IMAGE_PULL, FOR_NOW): (
        "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit.",
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): dial tcp 3.5.7.9:443: i/o timeout",
        f"CannotPullContainerError: ref pull has been retried 1 time(s): {BLOB}: read tcp: connection reset by peer",
        "CannotPullContainerError: net/http: TLS handshake timeout",
        "CannotPullContainerError: request canceled (Client.Timeout exceeded while awaiting headers)",
    ),
    (Cause.IMAGE_PULL, FOR_GOOD): (
        "CannotPullContainerError: failed to register layer: write /usr/lib/libicu.so: no space left on device",
    ),
    (Cause.SECRETS, FOR_GOOD): (
        f"{NO_SECRETS}: execution resource retrieval failed: unable to retrieve ecr registry auth: {REFUSED} perform",
        f"{NO_SECRETS}: failed to fetch secret arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:db-AbCdEf:user::",
        "ResourceInitializationError: unable to retrieve secrets from ssm: invalid parameters: /shop/key",
    ),
    (Cause.RESOURCES, FOR_GOOD): (
        "ResourceInitializationError: failed to initialize logging driver: the specified log group does not exist",
        f"{NO_LOGGER}: {REFUSED} perform: logs:CreateLogStream on resource: {LOG_STREAM} because no policy allows it",
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes",
    ),
    (Cause.CONTAINER_START, FOR_GOOD): (
        'CannotStartContainerError: Error response from daemon: exec: "serve": executable file not found in $PATH',
        "CannotCreateContainerError: API error (400): invalid mount path",
        "ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m: context deadline",
    ),
    (Cause.NETWORK, FOR_NOW): (
        "Timeout waiting for network interface provisioning to complete.",
        "Timeout waiting for EphemeralStorage provisioning to complete.",
    ),
    (Cause.UNHEALTHY, FOR_NOW): (
        f"Task failed ELB health checks in (target-group {TARGET_GROUP})",
        "Task failed container health checks",
    ),
    (Cause.INTERRUPTED, FOR_NOW): ("Your Spot Task was interrupted.",),
    (Cause.STOPPED, FOR_NOW): ("A reason of tomorrow", "", "Task failed to start"),
}

PLACE = "(service shop) was unable to place a task"
SERVICE_EVENTS: dict[tuple[Cause, bool], tuple[str, ...]] = {
    (Cause.CAPACITY, FOR_NOW): (
        (
            f"{PLACE}. Reason: Capacity is unavailable at this time. Please try again later or in a different "
            "availability zone. For more information, see the Troubleshooting section."
        ),
        f"{PLACE}. Reason: RESOURCE:FARGATE.",
        f"{PLACE} because no container instance met all of its requirements.",
    ),
    (Cause.QUOTA, FOR_NOW): (
        f"{PLACE}. Reason: You've reached the limit on the number of vCPUs you can run concurrently.",
    ),
    (Cause.STOPPED, FOR_NOW): ("(service shop) is unable to consistently start tasks successfully.",),
    (Cause.STOPPED, FOR_GOOD): (
        (
            "(service shop) was unable to stop or start tasks during a deployment because of the service deployment "
            "configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
        ),
    ),
    (Cause.THROTTLED, FOR_NOW): ("(service shop) operations are being throttled. Will try again later.",),
    (Cause.SECRETS, FOR_GOOD): (
        (
            "(service shop) failed to launch a task with (error ECS was unable to assume the role "
            f"'arn:aws:iam::{ACCOUNT}:role/shop-execution' that was provided for this task.)."
        ),
    ),
}

UNREMARKABLE_EVENTS = (
    "(service shop) registered 1 targets in (target-group shop)",
    "(service shop) has begun draining connections on 1 tasks.",
    "(service shop) has stopped 1 running tasks: (task 0f1e2d3c).",
    "(service shop) deregistered 1 targets in (target-group shop)",
    "(service shop) (deployment ecs-svc/8262972806176612824) deployment completed.",
)
