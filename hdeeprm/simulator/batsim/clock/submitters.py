"""Who submits a workload: it tells the server of the jobs that are due, and sleeps until the next."""

from __future__ import annotations

from hdeeprm.simulator.kernel.compiling import compiled

from .actions import sleep
from .mailbox import post, post_jobs
from .power import look_at_all
from .tables import BYE, NOBODY, SUBMISSION, SUBMITTER, SUBMITTER_SLEEP, Clockwork


@compiled
def submit(work: Clockwork, index: int) -> None:
    """Post the jobs that are due; the one that was slept for is, even where the clock is an ulp short."""
    row = work.submitters[index]
    while row.next < row.last:
        if work.jobs[row.next].submit_time > row.date and not row.slept:
            break
        row.slept = 0
        row.next += 1
        if work.clock[0].first_submission_joules < 0.0:
            work.clock[0].first_submission_joules = look_at_all(work)
    if row.send_from < row.next:
        post_jobs(work, SUBMISSION, index, SUBMITTER, row.send_from, row.next)
        row.send_from = row.next
    else:
        go_on(work, index)


@compiled
def go_on(work: Clockwork, index: int) -> None:
    """Sleep until the next job is due, or say that there is none."""
    row = work.submitters[index]
    if row.next < row.last:
        row.slept = 1
        sleep(work, SUBMITTER_SLEEP, index, work.jobs[row.next].submit_time - row.date)
    else:
        post(work, BYE, index, NOBODY, index)


@compiled
def wake(work: Clockwork, index: int) -> None:
    """Go on at the time of waking up."""
    work.submitters[index].date = work.clock[0].now
    submit(work, index)
