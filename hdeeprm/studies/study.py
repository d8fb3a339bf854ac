"""A study in Python: what the command line does, and what came out as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import StudyError

from .environment import with_environment
from .file import StudyFile, load_study, study_from
from .loading import refuse_while_imported
from .queue import Queue, Run
from .queue.records import Status

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from .driver import Watch
    from .progress import Progress
    from .results import Group, Table


class Study:
    """Many runs, from a file or from what is given here.

    Args:
        path: The study file. Where keys are given, it is written, by default ``NAME.toml`` by the name of the
            function, in the working directory.
        sets: Values in the place of the file's, such as ``"options.nb_jobs=50"``; the environment's,
            HDEEPRM_STUDY_SET, come before them.
        run: A function, or what the file may name; then the other keys of the file may be given too.
        keys: As in the file: ``grid``, ``points``, ``search``, ``seeds``, ``metric`` ... ``points`` may be a
            data frame.

    Raises:
        StudyError: One line for each thing that is wrong; or if a file would be written that is not its own,
            or from a file that is imported for its function.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        sets: Iterable[str] = (),
        run: str | Callable[..., Any] | None = None,
        **keys: Any,
    ) -> None:
        self._function: Callable[..., Any] | None = None
        sets = list(with_environment(set=list(sets))["set"])
        if run is None and not keys:
            if path is None:
                raise StudyError("Study: a file, or run = ... with a function is wanted; neither was given")
            self.file: StudyFile = load_study(path, sets)
            return
        refuse_while_imported("Study(run = ...)")
        self.file = self._written(path, sets, run, keys)

    def _written(
        self, path: str | Path | None, sets: list[str], run: str | Callable[..., Any] | None, keys: Any
    ) -> StudyFile:
        """The study of some keys, once its file is there."""
        from .writing import function_name, plain, write_study

        content = plain(keys)
        name = getattr(run, "__name__", "")
        place = Path(path or f"{name if name.isidentifier() else 'study'}.toml")  # <lambda> is none
        if callable(run):
            content["run"], is_importable = function_name(run)
            self._function = None if is_importable else run
        elif run is not None:
            content["run"] = run
        file = study_from(content, place, sets)
        write_study(content, place)
        return file

    @property
    def path(self) -> Path:
        """The study file."""
        return self.file.path

    @property
    def folder(self) -> Path:
        """Where all that is found is kept."""
        return self.file.folder

    @cached_property
    def queue(self) -> Queue:
        """The queue of the study, once it was started.

        Raises:
            StudyError: Before.
        """
        return Queue(self.folder)

    # Running

    def run(
        self,
        on: str | None = None,
        *,
        workers: int | None = None,
        limit: int | None = None,
        retry: str | Iterable[str] = (),
        max_runs_per_worker: int | None = None,
        anew: bool = False,
        watch: Watch | None = None,
    ) -> Progress:
        """Run what is missing; runs that are complete stay as they are.

        As with the command, HDEEPRM_STUDY_WORKERS and the like in the environment come before the arguments.

        Args:
            on: local, slurm or ray; by default slurm inside an allocation, else local.
            workers: Number of workers; below 0, that many CPUs are left free; 0: this very process.
            limit: Only the first so many runs.
            retry: ``"failed"``, ``"pruned"``, or ``"unknown"`` for runs whose worker nobody can ask.
            max_runs_per_worker: A worker is replaced after so many runs.
            anew: Lay the study's folder aside and begin from nothing.
            watch: Told now and then how far the study is.

        Raises:
            HDeepRMError: If it cannot be run.
        """
        from .running import run_study

        refuse_while_imported("Study.run()")
        self.__dict__.pop("queue", None)
        orders = with_environment(
            on=on,
            workers=workers,
            limit=limit,
            retry=[retry] if isinstance(retry, str) else list(retry),
            max_runs_per_worker=max_runs_per_worker,
            anew=anew,
        )
        return run_study(self.file, **orders, watch=watch or (lambda progress: None), function=self._function)

    # What came out

    @property
    def ran(self) -> StudyFile:
        """The study file as its runs had it, whatever was changed in it since.

        Raises:
            StudyError: Before the study was started.
        """
        from .results import as_run

        return as_run(self.file, self.queue)

    @property
    def runs(self) -> dict[int, Run]:
        """Every run by its number."""
        return self.queue.runs()

    def rows(self) -> Table:
        """The table of all runs, without pandas."""
        from .results import table_of

        return table_of(self.runs.values(), self.ran.sets, self.ran.metrics)

    def table(self) -> pandas.DataFrame:
        """The table of all runs: options, seed, metrics, times, errors.

        Raises:
            DependencyNotInstalled: Without pandas.
        """
        return self.rows().frame()

    @property
    def missing(self) -> dict[int, Run]:
        """All runs but the complete ones; those that failed have their exception and traceback."""
        return {number: run for number, run in self.runs.items() if run.status is not Status.COMPLETE}

    @property
    def best(self) -> Run | None:
        """The best complete run, by the first metric; None before there is one."""
        from .results import best_runs

        found = best_runs(self.runs.values(), self.ran.metrics[:1], self.ran.directions[:1])
        return found[0] if found else None

    @property
    def front(self) -> list[Run]:
        """The runs that no other run beats in all metrics."""
        from .results import best_runs

        return best_runs(self.runs.values(), self.ran.metrics, self.ran.directions)

    def group(self, *by: str, metric: str | None = None) -> list[Group]:
        """Runs in groups that agree in some options, the best first.

        Args:
            by: Names of the options; without any, all but the seed.
            metric: What is compared; by default the first that counts.

        Raises:
            StudyError: If there is no such column.
        """
        from .results import grouped

        table = self.rows()
        metric = table.check(metric or self.ran.metrics[0])
        return grouped(table, by, metric, self.ran.direction_of(metric))

    def plot(
        self,
        kind: str | None = None,
        *others: Study,
        by: str | Sequence[str] = (),
        metric: str | Sequence[str] = (),
        out: str | Path | None = None,
    ) -> Figure:
        """Draw a figure; no display takes part.

        Args:
            kind: progress, compare, curves, importance, slices, pareto, landscape, regret or moving-loss;
                None: what suits the study.
            others: Studies that are drawn beside this one.
            by: Options that make groups.
            metric: What is drawn; two for "pareto"; by default what the file names.
            out: File to write it to as well, ending in .svg, .png or .pdf.

        Raises:
            StudyError: If the kind is not known, or there is nothing to draw.
            FigureError: If the file's ending is not known.
            DependencyNotInstalled: Without matplotlib.
        """
        from hdeeprm.plots.saving import save

        from .plots.figure import draw

        by, metrics = ([word] if isinstance(word, str) else list(word) for word in (by, metric))
        figure = draw([(study.ran, study.runs) for study in (self, *others)], kind, by, metrics)
        if out is not None:
            save(figure, Path(out))
        return figure

    # In other languages, or by hand

    def ask(self) -> dict[str, Any] | None:
        """The next run, to be done by whoever asks: ``run``, ``options``, ``seeds``; None if none waits."""
        from .asking import ask

        refuse_while_imported("Study.ask()")
        return ask(self.file)

    def tell(self, run: int, result: float | Sequence[float] | Mapping[str, Any] | str) -> None:
        """How a run that was asked for ended: its metric or metrics, ``"failed"`` or ``"pruned"``.

        Raises:
            StudyError: If it was not asked for, or the result is none.
        """
        from .asking import tell

        refuse_while_imported("Study.tell()")
        tell(self.file, run, result)
