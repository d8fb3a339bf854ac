"""How the queue is served, and the tables of the kernel that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from hdeeprm.errors import OptionsError
from hdeeprm.memory_units import KB_PER_MB
from hdeeprm.platforms import Platform
from hdeeprm.scores import Score, evaluate
from hdeeprm.scores.programs import OPERATIONS
from hdeeprm.workloads.workload import Workload

from .kernel import tables
from .kernel.tables import PLAIN_QUEUE, QueueTables, Table

Backfilling = Literal["none", "easy", "easy-strict", "rlscheduler", "conservative"]
_VARIANTS: tuple[str, ...] = get_args(Backfilling)
_NUM_REQUEST_ORDERS = tables.LOW_MEM_BW - tables.SHORTEST + 1


@dataclass(frozen=True)
class QueueRules:
    """How the queue is served.

    Args:
        scores: What the job selections -2, -3 ... rank by, the smallest first.
        discipline: Whether a selected job that does not fit is selected anew at the next decision ("rerank"),
            or blocks until it starts ("commit").
        backfilling: What may start while the selected job does not fit.
        times: Whether reservations are made with requested or with true run times.
        candidates: Whether jobs are tried for backfilling in the order of the selection or of submission.
    """

    scores: tuple[Score, ...] = ()
    discipline: Literal["rerank", "commit"] = "rerank"
    backfilling: Backfilling = "none"
    times: Literal["requested", "true"] = "requested"
    candidates: Literal["selection", "submission"] = "selection"

    @property
    def _variant(self) -> int:
        return _VARIANTS.index(self.backfilling)

    @property
    def _has_candidates(self) -> bool:
        """Whether jobs are looked for that start beside one reservation."""
        return self._variant in (tables.EASY, tables.EASY_STRICT, tables.RLSCHEDULER)

    @property
    def _in_submission_order(self) -> bool:
        return self.candidates == "submission" or self._variant == tables.RLSCHEDULER

    @property
    def _is_plain(self) -> bool:
        return self.discipline == "rerank" and self.backfilling == "none" and not self.scores

    def tables(self, num_cores: int, num_nodes: int, max_jobs: int) -> QueueTables:
        """The tables of the kernel that hold scores, orders, candidates and reservations, where needed."""
        if self._is_plain:
            return PLAIN_QUEUE
        num_orders = len(self.scores)
        if self._has_candidates and not self._in_submission_order:
            num_orders += _NUM_REQUEST_ORDERS
        is_conservative = self._variant == tables.CONSERVATIVE
        leaves = max(2, 1 << (max_jobs - 1).bit_length())
        programs = self._programs()
        plan_size = 2 * (num_cores + max_jobs) + 8 if is_conservative else num_cores
        return QueueTables(
            programs=programs,
            registers=np.zeros(programs.shape[2] + 1),
            scores=np.zeros((num_orders, max_jobs if num_orders else 1), tables.SCORE),
            orders=np.zeros((num_orders, 2 * leaves if num_orders else 2), tables.ORDER),
            candidates=np.zeros(
                (2 if num_orders else 1, 2 * leaves if self._has_candidates else 2), tables.CANDIDATE
            ),
            plan=np.zeros(plan_size if self._variant else 1, tables.PLAN),
            node_plan=np.zeros(num_nodes if self._has_candidates else 1, tables.NODE_PLAN),
            reservations=np.zeros(max_jobs if is_conservative else 1, tables.RESERVATION),
        )

    def _programs(self) -> Table:
        """The programs of the scores, shape (scores, 2, longest)."""
        longest = max((len(program) for score in self.scores for program in score.programs), default=1)
        made = np.zeros((len(self.scores), 2, longest), tables.INSTRUCTION)
        for number, score in enumerate(self.scores):
            made["ordered"][number, 0, 0] = score.is_ordered
            for part, program in enumerate(score.programs):
                made["length"][number, part, 0] = len(program)
                for place, instruction in enumerate(program):
                    made["operation"][number, part, place] = instruction.operation
                    made["value"][number, part, place] = instruction.value
        return made

    def write(self, clock: Table, platform: Platform, workload: Workload) -> None:
        """Write what the kernel has to know into its clock, shape (1,)."""
        speeds = platform.processor_mflops[:, 0]
        clock["committing"] = self.discipline == "commit"
        clock["backfilling"] = self._variant
        clock["knowing_run_times"] = self.times == "true"
        clock["in_submission_order"] = self._in_submission_order
        clock["slowest_mflops"] = speeds.min()
        clock["trace_origin"] = workload.origin

    def undefined(self, clock: Table, jobs: Table, progress: Table, workload: Workload) -> OptionsError:
        """The error of a score that is not a finite number, as the kernel has noted it in its clock, (1,).

        Decisions may have gone on since then: the wait shown is one at which the score has no value, the wait
        when the job was submitted where that is so, or else at its start or now.
        """
        score, job = self.scores[int(clock["undefined_score"][0])], int(clock["undefined_job"][0])
        row = jobs[int(clock["first_job"][0]) + job]
        since = (float(row["submit_time"]) - float(clock["origin"][0])) * float(clock["arrival_scale"][0])
        now = float(clock["now" if clock["opening"][0] else "decision_time"][0])
        properties = {
            "submit": float(clock["trace_origin"][0]) + float(clock["origin"][0]) + since,
            "wait": 0.0,
            "requested_time": float(row["requested_time"]),
            "cores": float(row["requested_cores"]),
            "memory": float(row["memory_kb"]) / KB_PER_MB,
        }
        for time in (since, min(now, float(progress[job]["start_time"])), now):
            properties["wait"] = max(0.0, time - since)
            reason = _reason(score, properties)
            if reason is not None:
                break
        else:
            del properties["wait"]
            reason = "an undefined or too large number at one of its waits"
        shown = ", ".join(f"{name} {value:g}" for name, value in properties.items())
        job_id = workload.job_ids[int(clock["first_job"][0]) + job]
        return OptionsError(
            f"the score {score.name!r} has no value for the job {job_id} ({shown}): {reason}; guard it, as "
            "in log10(max(submit, 1))"
        )


def _reason(score: Score, properties: dict[str, float]) -> str | None:
    """Why a score has no value, or None; a score that the kernel splits may have one as a whole."""
    try:
        for part in (score.expression, *score.parts):
            evaluate(part, properties)
    except (ArithmeticError, OverflowError) as error:
        return str(error)
    return None


assert OPERATIONS[tables.MAX] == "max" and len(OPERATIONS) == tables.MAX + 1
