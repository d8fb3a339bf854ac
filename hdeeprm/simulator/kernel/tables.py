"""The tables of one simulation: what is fixed (platform, jobs) and what changes (state).

Every table is a flat array of records, so that a state is saved by copying arrays and many simulations lie
side by side. Units: s, KB, MB/s, flop, flop/s, mW (integers, hence exact) and mJ.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.void]
Integers = npt.NDArray[np.int64]
SmallIntegers = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

WORD_BITS = 32
"""Cores are kept free or taken in masks of this many bits, so that all arithmetic fits 64-bit integers."""

# Status of a job.
PENDING, WAITING, RUNNING, SUCCESS, WALLTIME_REACHED, REJECTED = range(6)

# Job selections (also: rows of the queue's tables) and core selections, as in hdeeprm.selections.
RANDOM_JOB, FIRST, SHORTEST, SMALLEST, LOW_MEM, LOW_MEM_BW = range(6)
RANDOM_CORE, HIGH_GFLOPS, HIGH_CORES, HIGH_MEM, HIGH_MEM_BW, LOW_POWER = range(6)
VOID = -1
NUM_SELECTIONS = 6
"""Row 0 of the queue's and the trees' tables stands for *random* and is not used."""
NTH_JOB = 6
"""Job selections from here on name one job: NTH_JOB + k is the waiting job with k older ones."""
FIRST_SCORE = -2
"""Job selections from here down rank by a score: FIRST_SCORE - k by the simulation's score k."""

# Backfilling, as in hdeeprm.options.
NO_BACKFILLING, EASY, EASY_STRICT, RLSCHEDULER, CONSERVATIVE = range(5)

# Operations of a score's program, as in hdeeprm.scores.
NUMBER, SUBMIT, WAIT, REQUESTED_TIME, CORES, MEMORY = range(6)
NEGATIVE, LOG2, LOG10, LOG_E, SQRT, ABS = range(6, 12)
PLUS, MINUS, TIMES, OVER_BY, POWER, MIN, MAX = range(12, 19)

# Why a decision came to its end.
NOT_BLOCKED, BLOCKED_BY_CORES, BLOCKED_BY_MEMORY = range(3)

# What time brought: a decision point, the end, no event while jobs wait, a log that must be emptied first.
OVER, DECISION, STALLED, LOG_FULL = range(4)

# Objectives, as in hdeeprm.options.
(
    AVG_JOB_SLOWDOWN,
    AVG_JOB_COMPLETION,
    AVG_UTILIZATION,
    MAKESPAN,
    ENERGY_CONSUMPTION,
    EDP,
    AVG_WAIT,
    AVG_BOUNDED_SLOWDOWN,
) = range(8)

NONE = -1
"""End of a linked list, or no index."""
NO_KEY = -(2**62)
"""Key below every key: of a processor without free cores."""
PLENTY = 2**62
"""Memory per core above every request, of a node without free cores; cores above every request."""


def record(**kinds: str) -> np.dtype[np.void]:
    """Type of the records of a table: fields by name, which are also attributes."""
    return np.dtype((np.record, list(kinds.items())))


NODE = record(
    memory_kb="i8",
    num_cores="i8",
    first_processor="i8",
    num_processors="i8",
    free_memory="i8",
    free_cores="i8",
    stale="i8",  # 1: the fit tree has not seen the last change
)

PROCESSOR = record(
    node="i8",
    num_cores="i8",
    first_word="i8",
    num_words="i8",
    bandwidth="i8",  # MB/s
    mflops_p0="i8",  # of one core
    mflops_p1="i8",
    milliwatts_p0="i8",  # of one core
    milliwatts_p1="i8",
    milliwatts_p2="i8",
    milliwatts_p3="i8",
    free_cores="i8",
    free_bandwidth="i8",  # may be below 0
    summed_bandwidth="f8",  # likewise in GB/s, with the rounding errors of HDeepRM 0.3
    oversubscribed="i8",
    oversubscribed_since="f8",
    logged_start="f8",  # its last over-subscription, which may yet go on in this instant
    logged_end="f8",  # below 0: there is none
    first_segment="i8",
    num_active="i8",
    milliwatts="i8",  # of all its cores, now
    stale="i8",  # mask of the selection trees that have not seen the last change
)

WORD = record(
    processor="i8",
    first_core="i8",
    all_cores="i8",  # mask
    free="i8",  # mask
    segment="i8",  # of the job that is being placed
    set_cores="i8",  # mask of cores whose P-state was set in this instant
    set_word="i8",  # list of the words with such cores
)

JOB = record(
    submit_time="f8",
    requested_cores="i8",
    requested_time="f8",
    memory_kb="i8",  # per core
    bandwidth="i8",  # MB/s per core
    work_flop="f8",  # per core
    requested_work_flop="f8",  # per core
    walltime="f8",
    feasible="i8",  # could run on the empty platform
    arrival_scale="f8",  # what stretches the arrivals of an episode that starts at this job
)

CLOCK = record(
    now="f8",
    first_job="i8",  # index in the workload of the episode's first job
    num_jobs="i8",
    origin="f8",  # submission time of the first job in the workload
    arrival_scale="f8",  # times since the origin are stretched by this
    first_start="i8",  # episodes start at a job drawn from here
    last_start="i8",  # to here
    episode_jobs="i8",  # and have this many jobs
    num_choices="i8",  # so many of the oldest waiting jobs are actions of their own; 0: actions are pairs
    committing="i8",  # 1: a picked job that does not fit is picked again until it starts
    backfilling="i8",  # a variant of it
    knowing_run_times="i8",  # 1: reservations are made with true run times
    in_submission_order="i8",  # 1: candidates are tried in the order of submission, not of the selection
    slowest_mflops="i8",  # of any core in P0
    trace_origin="f8",  # absolute time of the workload's first submission
    invalid_actions="i8",  # masked ones in this episode, replaced
    picked="i8",  # the job that blocks the others until it starts, or NONE
    picked_core_selection="i8",  # which gives it its cores
    reserved_job="i8",  # the blocked job that has a reservation, or NONE
    promise="f8",  # when it was to start at the latest when it got its reservation
    reserved_time="f8",  # when it is to start
    replanning="i8",  # 1: reservations may become earlier
    num_backfilled="i8",
    num_reserved="i8",  # reservations made
    num_late="i8",  # jobs that started after their reservations
    worst_delay="f8",  # of these, in s
    undefined_job="i8",  # a job whose score is not a finite number, or NONE
    undefined_score="i8",  # which score
    next_arrival="i8",
    last_feasible="i8",  # the last job that can run, or NONE
    num_waiting="i8",
    num_running="i8",
    num_ended="i8",
    num_started="i8",
    free_cores="i8",
    num_cores="i8",
    active_mflops="i8",
    milliwatts="i8",
    free_segment="i8",
    num_segments="i8",  # those beyond have never been used in this episode
    fenwick_step="i8",
    tolerance="f8",  # relative width of an instant
    queue_sensitivity="f8",
    objective="i8",
    integrated="i8",  # 1: rewards add up to the objective of the episode
    recording="i8",  # 1: placements and over-subscriptions are logged
    summing_bandwidth="i8",  # 1: free bandwidth is also summed up with rounding errors
    noting_pstates="i8",  # 1: cores whose P-state is set are noted
    over="i8",  # 1: there is no episode, or it has come to its end
    opening="i8",  # 1: the first decision point has not been reached
    advancing="i8",  # 1: an action was applied whose consequences are not yet seen
    num_decisions="i8",
    num_placed="i8",  # jobs placed from outside since the last decision
    decision_time="f8",
    decision_waiting="i8",  # waiting jobs before the action
    decision_started="i8",
    decision_blocked_by="i8",
    decision_reward="f8",
    last_waiting="i8",  # decision_waiting of the decision before
    energy_mj="f8",
    waiting_seconds="f8",
    unfinished_seconds="f8",
    active_core_seconds="f8",
    slowdown_rate="f8",  # sum of 1 / requested time over waiting and running jobs
    slowdown_rate_error="f8",  # what the sum lost to rounding
    bounded_rate="f8",  # likewise with requests of at least 10 s
    bounded_rate_error="f8",
    running_request="f8",  # sum of the running jobs' requested times
    running_request_error="f8",
    num_oversubscribed="i8",  # processors
    slowdown_integral="f8",
    bounded_slowdown="f8",  # of the ended jobs
    paid="f8",  # of the integrated objective
    num_placements="i8",
    num_oversubscriptions="i8",
    num_pstate_changes="i8",
    num_pstate_commands="i8",
    num_set_words="i8",  # words with cores whose P-state was set in this instant
    num_ordered="i8",  # jobs whose start was ordered, where time is told from outside
    num_answered="i8",  # submissions that were answered, likewise
    random_1="i8",
    random_2="i8",
    random_3="i8",
    random_4="i8",
    random_5="i8",
    random_6="i8",
)

PROGRESS = record(
    status="i8",
    start_time="f8",
    end_time="f8",  # expected while the job runs
    updated_time="f8",
    remaining_flop="f8",  # per core, at updated_time
    done_flop="f8",  # likewise; kept apart, so that it tells nothing of what remains
    mflops="i8",  # of the slowest core
    num_slowest="i8",  # segments at that speed
    milliwatts="i8",
    energy_mj="f8",
    sequence="i8",  # order of starts
    first_segment="i8",
    calendar_slot="i8",
    job_at_slot="i8",  # the calendar itself: the heap's slots lie beside the jobs
)

SEGMENT = record(
    job="i8",
    word="i8",
    cores="i8",  # mask
    num_cores="i8",
    next_of_job="i8",
    next_on_processor="i8",
    previous_on_processor="i8",
)

RANK = record(rank="i4", job="i4")

LEAF = record(
    key="i8",
    memory="i8",
    processor="i4",  # by place among the leaves
    leaf="i4",  # by processor: its place among the leaves
    stale_processor="i4",  # list of the stale
    num_stale="i4",  # in the first record only
)

FIT = record(
    free_cores="i8",
    memory_per_core="i8",  # least, over the nodes with free cores
    memory="i8",  # most, over the nodes with free cores
    stale_node="i4",  # list of the stale
    num_stale="i4",  # in the first record only
)

INSTRUCTION = record(
    operation="i8",
    value="f8",
    length="i8",  # of the program, in its first record only
    ordered="i8",  # in the first record of a score: 0: it is worked out anew whenever it is asked
)

SCORE = record(intercept="f8", slope="f8")  # of a job: the score after a wait is intercept + slope x wait

ORDER = record(
    until="f8",  # when the winner may change
    winner="i8",  # the job of the smallest score, or NONE
)

CANDIDATE = record(
    cores="i8",  # least, over the waiting jobs
    work="f8",  # likewise, per core
    next_aside="i8",  # list of the leaves that are set aside
)

PLAN = record(time="f8", job="i8", cores="i8", memory="i8")  # an end, or free cores and KB from a time on

NODE_PLAN = record(cores="i8", memory="i8")  # what will be free at the time of a reservation

RESERVATION = record(
    start="f8",  # infinity: there is none
    end="f8",
    promise="f8",  # the first start that was reserved
    place="i8",  # the jobs in the order of a selection lie beside the jobs
)

LOG = record(
    job="i8",  # a placement: cores first to last of a job
    first_core="i8",
    last_core="i8",
    processor="i8",  # an over-subscription: a processor from start to end
    start="f8",
    end="f8",
)

DECISION_RECORD = record(time="f8", num_waiting="i8", num_started="i8", blocked_by="i8", reward="f8")


OUTCOME = record(
    reward="f8",
    over="i8",
    now="f8",
    num_waiting="i8",
    num_running="i8",
    num_ended="i8",
    invalid_actions="i8",
)

SUMMARY = record(
    objective="f8",  # the integrated one
    avg_wait="f8",  # s
    avg_turnaround="f8",  # s
    avg_bounded_slowdown="f8",
    utilization="f8",
    makespan="f8",  # s
    energy_joules="f8",
)


class QueueTables(NamedTuple):
    """What scores, queues that block and backfilling take; J jobs of an episode, N nodes.

    Where there are none of these, the simulation has no such tables but :data:`PLAIN_QUEUE`, so that all that
    is for them stays out of the machine code: functions that take ``queue`` ask for its length, which the
    compiler knows.
    """

    programs: Table  # (S, 2, any) INSTRUCTION of S scores: intercept and slope, or the score alone
    registers: Floats  # (any,) scratch of the programs
    scores: Table  # (O, J) SCORE, of the scores and of the selections whose order is kept up
    orders: Table  # (O, 2 x leaves) ORDER, a leaf per job, by the cores that they ask for
    candidates: Table  # (2, 2 x leaves) CANDIDATE, leaves by age, and by cores where an order is kept
    plan: Table  # PLAN, scratch
    node_plan: Table  # (N,) NODE_PLAN, scratch
    reservations: Table  # (J,) RESERVATION, where every waiting job has one


PLAIN_QUEUE = cast(QueueTables, ())
"""Stands for no tables."""


class Simulation(NamedTuple):
    """All tables of one simulation; J jobs of an episode, N nodes, P processors, W words, C cores.

    Simulations side by side have one more axis in front, where the jobs may be one table for all.
    """

    jobs: Table  # (jobs of the workload,) JOB; the one table that never changes
    clock: Table  # (1,) CLOCK
    progress: Table  # (J,) PROGRESS
    segments: Table  # (C,) SEGMENT
    nodes: Table  # (N,) NODE
    processors: Table  # (P,) PROCESSOR
    words: Table  # (W,) WORD
    waiting: SmallIntegers  # (6, J + 1) a Fenwick tree over the ranks of waiting jobs per selection
    ranks: Table  # (6, J) RANK
    trees: Table  # (6, 2 x leaves) LEAF
    fit_tree: Table  # (2 x leaves,) FIT
    stack: Integers  # (128,) scratch
    log: Table  # LOG: placements and over-subscriptions, two lists side by side
    queue: QueueTables
