"""The mailbox of Batsim's server: one message at a time, in the order of posting."""

from __future__ import annotations

from hdeeprm.simulator.kernel.compiling import compiled

from .actions import flow
from .tables import COMPLETION, MESSAGE, NOBODY, NONE, Clockwork


@compiled
def post(work: Clockwork, kind: int, subject: int, sender: int, who: int) -> int:
    """Post a message, sent on the server's own host; its sender goes on once it is received.

    Returns:
        Its place among the posts.
    """
    clock = work.clock[0]
    place = (clock.first_post + clock.num_posts) % work.posts.size
    row = work.posts[place]
    row.kind, row.subject, row.sender, row.who = kind, subject, sender, who
    row.first = row.last = 0
    row.stage = NONE
    clock.num_posts += 1
    return int(place)


@compiled
def post_jobs(work: Clockwork, kind: int, submitter: int, sender: int, first: int, last: int) -> None:
    """Post a message about the jobs from ``first`` to before ``last``."""
    row = work.posts[post(work, kind, submitter, sender, submitter)]
    row.first, row.last = first, last


@compiled
def post_completion(work: Clockwork, job: int) -> None:
    """Post that a job has ended; that goes over the links from its first host to the server."""
    work.posts[post(work, COMPLETION, job, NOBODY, NONE)].stage = work.jobs[job].sender


@compiled
def receive(work: Clockwork) -> None:
    """Begin to receive the next message where the server is free."""
    clock = work.clock[0]
    if clock.receiving or clock.num_posts == 0:
        return
    clock.receiving = 1
    work.inbox[0] = work.posts[clock.first_post]
    flow(work, MESSAGE, 0, work.inbox[0].stage)
    clock.first_post = (clock.first_post + 1) % work.posts.size
    clock.num_posts -= 1
