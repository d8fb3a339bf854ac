"""How a trace is turned into a workload: the choices that the SWF standard leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from hdeeprm.errors import WorkloadError, did_you_mean


@dataclass(frozen=True)
class TraceSettings:
    """Choices of the reader of a trace; the defaults suit the standard's own units.

    Attributes:
        nb_jobs: Number of jobs taken from the start of the trace; None takes all.
        reading: "standard", or "rlscheduler" for the jobs that RLScheduler makes of a trace: those without
            run time are left out, a negative run time is 10 s, processors are the larger of the two fields.
        run_time: "logged" (field 4), "synthetic" (drawn from the requested time), or None: logged where
            the trace has run times, otherwise synthetic.
        memory: What a job gets for which the trace knows no memory: none, no place, or a draw.
        memory_unit: Unit of the memory fields; the standard says KB.
        memory_scope: Whether the memory fields are per processor (the standard) or for the whole job.
        mem_bw: Whether memory bandwidth, which SWF does not know, is drawn or left out.
        walltime: Whether a job is killed after its requested time.
    """

    nb_jobs: int | None = None
    reading: Literal["standard", "rlscheduler"] = "standard"
    run_time: Literal["logged", "synthetic"] | None = None
    memory: Literal["zero", "skip", "draw"] = "zero"
    memory_unit: Literal["KB", "bytes", "MB"] = "KB"
    memory_scope: Literal["processor", "job"] = "processor"
    mem_bw: Literal["draw", "none"] = "draw"
    walltime: Literal["none", "requested"] = "none"

    def __post_init__(self) -> None:
        """Refuses what is not among the choices with a WorkloadError."""
        check_nb_jobs(self.nb_jobs)
        for name, hint in get_type_hints(TraceSettings).items():
            if name != "nb_jobs":
                _check_choice(name, getattr(self, name), hint)


def check_nb_jobs(nb_jobs: int | None) -> None:
    """Refuses a number of jobs below 1 with a WorkloadError."""
    if nb_jobs is not None and nb_jobs < 1:
        raise WorkloadError(f"nb_jobs: {nb_jobs} jobs asked for; give at least 1, or leave it out for all")


def _check_choice(name: str, value: object, hint: object) -> None:
    choices = _choices(hint)
    if value not in choices:
        words = [choice for choice in choices if isinstance(choice, str)]
        allowed = ", ".join(repr(choice) for choice in choices)
        message = f"{name}: {value!r} is not known; allowed: {allowed}.{did_you_mean(str(value), words)}"
        raise WorkloadError(message)


def _choices(hint: object) -> list[object]:
    """Values that a Literal, or a union of a Literal and None, allows."""
    choices: list[object] = []
    for item in get_args(hint):
        if item is type(None):
            choices.append(None)
        else:
            choices += get_args(item) or [item]
    return choices
