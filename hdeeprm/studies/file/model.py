"""The sections of a study file: every key with its type, unit, meaning and default."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from hdeeprm.comparison.measures import HIGHER_IS_BETTER
from hdeeprm.options.section import Section

Direction = Literal["minimize", "maximize"]

OWN_RUNS = "experiment"
"""The value of ``run`` for simulations and training of the project."""
LANDSCAPE = "landscape"
"""The value of ``run`` for the game of schedulers on simulated losses."""
DEFAULT_TRIALS = 100


class GraphiteSection(Section):
    """Where progress is sent to, a plain line for each figure."""

    host: str = Field(min_length=1, examples=["localhost"])
    """Name or address of the Graphite server."""

    port: int = Field(default=2003, ge=1, le=65535)
    """Its TCP port for plain lines."""

    prefix: str = "hdeeprm"
    """What the paths begin with."""


class StudyFile(Section):
    """A study: what a run is, which runs there are, what counts, and where workers are started."""

    run: str = Field(default=OWN_RUNS, min_length=1, examples=["my_module:train"])
    """What a run is: "experiment" a simulation or training of the project; "landscape" the game of
    schedulers; else a Python function, "module:function" or "file.py:function", called with the options and
    a report."""

    command: str | None = Field(default=None, min_length=1, examples=["./bench.sh {cpu} {mem}"])
    """Program that a run is instead, {name} standing for an option; no shell takes part."""

    objective: str | None = Field(default=None, min_length=1, examples=["mean(time) * max(energy)"])
    """Arithmetic over what a run returns or a program prints; its value becomes the metric."""

    timeout: float | None = Field(default=None, gt=0)
    """Longest time that a program may take, in s; null: for ever."""

    metric: str | list[str] = Field(default=[], examples=["mean_bounded_slowdown"])
    """What counts, a key of what a run returns; several make a search for the trade-offs between them."""

    direction: Direction | list[Direction] = Field(default=[])
    """Whether less or more of each metric is better; by default less, but for metrics of the project that are
    better when they are higher."""

    seeds: list[int] = Field(default=[])
    """Seeds of the runs. On a grid every point is run with each; a run of a search goes through all."""

    options: dict[str, Any] = Field(default={})
    """Options that all runs share."""

    grid: dict[str, list[Any]] = Field(default={})
    """Values of options by name; every combination is a run."""

    points: list[dict[str, Any]] = Field(default=[])
    """Sets of options written out; each is a run, or one with each combination of the grid."""

    search: dict[str, Any] = Field(default={})
    """Options that a sampler picks: {low, high}, with step or log, or a list of choices."""

    trials: int = Field(default=DEFAULT_TRIALS, ge=1)
    """Number of runs of the search, at each point of the grid where there is one."""

    sampler: str | dict[str, Any] = "tpe"
    """Who picks: random, tpe, tpe-multivariate, gp, cma, nsga2, qmc, "module:Class" or "file.py:Class", or a
    table with the name and arguments."""

    pruner: str | dict[str, Any] = "none"
    """Who stops runs without promise: none, asha, sha, hyperband, median, wilcoxon, pbt, "module:Class" or
    "file.py:Class", or a table with the name and arguments."""

    workers: int | None = None
    """Number of workers; below 0, that many CPUs are left free; null: one for each CPU of this machine, or
    task of the allocation. Elsewhere, by SLURM or at the address of a Ray cluster, it must be given."""

    max_runs_per_worker: int | None = Field(default=None, ge=1)
    """Number of runs after which a worker is replaced by a new one; null: never."""

    slurm: dict[str, Any] = Field(default={})
    """Options of sbatch and srun by their long names, passed on as they are."""

    ray: dict[str, Any] = Field(default={})
    """Ray's address, and what each run needs: num_cpus, num_gpus, memory in bytes."""

    landscape: dict[str, Any] = Field(default={})
    """The simulated losses of run = "landscape"."""

    graphite: GraphiteSection | None = None
    """Server that progress is sent to; null: none."""

    _path: Path = PrivateAttr(default=Path("study.toml"))

    @property
    def path(self) -> Path:
        """The study file."""
        return self._path

    @property
    def folder(self) -> Path:
        """The folder beside the file, of the same name without its ending, that holds all that is found."""
        return self._path.with_suffix("")

    def located(self, path: Path) -> StudyFile:
        """The same study, as the content of a file."""
        copy = self.model_copy()
        copy._path = path
        return copy

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of what counts."""
        return (self.metric,) if isinstance(self.metric, str) else tuple(self.metric)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Whether less or more of each metric is better."""
        return (self.direction,) if isinstance(self.direction, str) else tuple(self.direction)

    def direction_of(self, metric: str) -> Direction:
        """Whether less or more of any metric is better; less, where nobody says."""
        if metric in self.metrics:
            return self.directions[self.metrics.index(metric)]
        return "maximize" if self.is_own and metric in HIGHER_IS_BETTER else "minimize"

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the options that differ from run to run, in the order of the file."""
        of_points = {name: None for point in self.points for name in point}
        return tuple({**of_points, **dict.fromkeys((*self.grid, *self.search))})

    @property
    def is_own(self) -> bool:
        """Whether runs are simulations or training of the project."""
        return self.run == OWN_RUNS and self.command is None

    def canonical(self) -> dict[str, Any]:
        """All that the study is, ready for JSON."""
        return self.model_dump(mode="json")
