"""Requested times that go with generated run times: rounded up, over-estimated, or the model's own."""

from __future__ import annotations

import numpy as np

from hdeeprm.errors import WorkloadError, did_you_mean
from hdeeprm.workloads.generators.drawing import GeneratedJobs
from hdeeprm.workloads.generators.estimates import draw_estimates, popular_requests
from hdeeprm.workloads.generators.sample import TraceSample
from hdeeprm.workloads.workload import FloatArray

REQUESTS = ("rounded", "tsafrir", "model")
SECONDS_PER_DAY = 86_400

ROUND_REQUESTS: FloatArray = np.array(
    [60.0 * minutes for minutes in (1, 5, 10, 15, 30, 45)]
    + [3600.0 * hours for hours in (1, 2, 3, 4, 6, 8, 10, 12, 18, 24, 36, 48)]
)
"""Requested times in seconds: users ask for few, round values.

D. Tsafrir, Y. Etsion and D. Feitelson, "Modeling user runtime estimates", JSSPP 2005.
"""


def requested_times(
    jobs: GeneratedJobs,
    requests: str | None,
    limit: float | None,
    like: TraceSample | None,
    rng: np.random.Generator,
) -> FloatArray:
    """What the users of generated jobs ask for.

    Args:
        jobs: The jobs.
        requests: "rounded", "tsafrir" (:func:`draw_estimates`) or "model"; None for the model's own where
            it has them, else those of Tsafrir where the trace has requests to imitate, else rounded ones.
        limit: Longest request in seconds, for "tsafrir"; None for its default.
        like: Trace whose most popular requests are taken for "tsafrir"; None for the published ones.
        rng: Source of the draws.

    Returns:
        float64 whole seconds, shape (num_jobs,), at least the run time.

    Raises:
        WorkloadError: If ``requests`` is unknown or not possible, or the limit is out of its range.
    """
    known = np.empty(0) if like is None else like.requested_time[~np.isnan(like.requested_time)]
    if requests is None:
        imitates = "tsafrir" if len(known) else "rounded"
        requests = imitates if jobs.requested_time is None else "model"
    _check(requests, limit, jobs)
    if requests == "tsafrir":
        return draw_estimates(jobs.run_time, rng, limit, popular_requests(known) if len(known) else None)
    if requests == "model" and jobs.requested_time is not None:
        return jobs.requested_time
    return rounded_requests(jobs.run_time)


def rounded_requests(run_time: FloatArray) -> FloatArray:
    """Run times rounded up to a round value in seconds, to whole days beyond the largest of them.

    Args:
        run_time: Seconds, shape (num_jobs,).

    Returns:
        float64, shape (num_jobs,), at least the run time.
    """
    places = np.searchsorted(ROUND_REQUESTS, run_time)
    days = np.ceil(run_time / SECONDS_PER_DAY) * SECONDS_PER_DAY
    return np.where(
        places < len(ROUND_REQUESTS), ROUND_REQUESTS[np.minimum(places, len(ROUND_REQUESTS) - 1)], days
    )


def _check(requests: str, limit: float | None, jobs: GeneratedJobs) -> None:
    if requests not in REQUESTS:
        hint = did_you_mean(requests, REQUESTS)
        raise WorkloadError(f"requests: {requests!r} is not known; allowed: {', '.join(REQUESTS)}.{hint}")
    if requests == "model" and jobs.requested_time is None:
        raise WorkloadError("requests: 'model', but this model draws none; give 'rounded' or 'tsafrir'")
    if limit is not None and requests != "tsafrir":
        raise WorkloadError(
            f"max_requested_time: {limit:g} s, but requests are {requests!r}; it goes with 'tsafrir'"
        )
