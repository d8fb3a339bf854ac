"""The jobs: which of a trace are taken, and what stands in for the fields that it lacks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hdeeprm.options.fields import shares, window_start, window_starts
from hdeeprm.options.section import Section

PARTS = ("train", "validation", "test")
"""The parts of a split, in order of submission."""


class WindowOptions(Section):
    """A sequence of consecutive jobs of the workload."""

    start: Annotated[int | Literal["random"], BeforeValidator(window_start)] = Field(
        default=0, json_schema_extra={"minimum": 0}
    )
    """Index of the first job, from 0 in order of submission, or "random": drawn anew for each episode."""

    length: int = Field(ge=1, examples=[1000])
    """Number of jobs in the sequence, at least 1."""

    starts: Annotated[tuple[int, ...] | None, BeforeValidator(window_starts)] = Field(
        default=None, examples=[[1981, 2756]]
    )
    """Indices of the first jobs of the sequences that a comparison takes, from 0 in order of submission;
    null: evenly spaced ones."""

    split: Annotated[tuple[float, float, float] | None, BeforeValidator(shares)] = Field(
        default=None, examples=[[0.6, 0.2, 0.2]]
    )
    """Shares of the workload, [train, validation, test] in order of submission, that sum to 1: training takes
    its windows from the first, validates on the second, and tests use the third. null: all is one part."""

    part: Literal["all", "train", "validation", "test"] = "all"
    """Part of the split within which the windows lie; start is then counted from the part's first job."""

    load: float | None = Field(default=None, gt=0, examples=[0.9])
    """Offered load to which the arrivals of each window are stretched, above 0, no unit: the sum of run time
    x cores over the cores of the platform x the time from the first submission to the last. null: as they
    are."""


class WorkloadOptions(Section):
    """How jobs are made from a trace, and what stands in for the fields that it lacks."""

    reading: Literal["standard", "rlscheduler"] = "standard"
    """What the fields of a trace mean: "standard", or "rlscheduler" as that simulator takes them: jobs
    without run time are left out, a negative run time is 10 s, processors are the larger of those allocated
    and requested."""

    run_time: Literal["logged", "synthetic"] | None = None
    """True run time of a job, which agents never see: "logged" takes what the trace recorded; "synthetic"
    multiplies the requested time by a factor drawn per job from 0.05 to 1.25; null takes the logged ones
    where the trace has them."""

    memory: Literal["zero", "skip", "draw"] = "zero"
    """A job without a memory request: "zero" lets it ask for none, "skip" leaves it out, "draw" draws one."""

    memory_unit: Literal["KB", "bytes", "MB"] = "KB"
    """Unit of the trace's memory fields; the SWF standard says KB. 1 MB = 1000 KB."""

    memory_scope: Literal["processor", "job"] = "processor"
    """What the trace's memory request is for: each processor asked for (the standard) or the whole job."""

    mem_bw: Literal["draw", "none"] = "draw"
    """Memory bandwidth, which traces lack: "draw" draws 4, 8 ... 24 GB/s per core for each job from the
    run's seed, "none" lets no job ask for any."""

    walltime: Literal["none", "requested"] = "none"
    """Limit at which a running job is killed: "none", or "requested" for its requested time."""

    window: WindowOptions | None = None
    """Sequence of jobs to take instead of the first ones; null takes the first nb_jobs."""

    oversized: Literal["reject", "error"] = "reject"
    """A job that could not run on the empty platform: "reject" rejects it on arrival and names it in the
    summary, "error" refuses the workload."""

    @property
    def has_split(self) -> bool:
        """Whether there are parts to train, to validate and to test on."""
        return self.window is not None and self.window.split is not None
