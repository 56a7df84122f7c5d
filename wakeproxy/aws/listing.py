"""How to learn which tasks services have: by asking for each service, or once for their whole cluster.

``ListTasks`` gives a hundred ARNs a call, of one service or of all; ``DescribeTasks`` takes a hundred a call, of
whatever services. So a few services of a large cluster are asked for one by one, many of a small one together.
"""

from collections.abc import Collection

PAGE = 100
"""ARNs in an answer of ``ListTasks``, and in a question of ``DescribeTasks``: ECS API reference."""


def calls_by_service(tasks: Collection[int]) -> int:
    """Count the calls that tell of services, which have so many tasks each, one by one."""
    return sum(pages(max(count, 1)) for count in tasks) + pages(sum(tasks))


def calls_by_cluster(tasks: Collection[int], *, in_cluster: int) -> int:
    """Count the calls that tell of the same services by a list of all tasks in their cluster.

    It is known whose a task is, but when it is first seen: then it is described, wanted or not.
    """
    return pages(max(in_cluster, sum(tasks), 1)) + pages(sum(tasks))


def pages(count: int) -> int:
    """Count the calls that so many ARNs take."""
    return -(-count // PAGE)
