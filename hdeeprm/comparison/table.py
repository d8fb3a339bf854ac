"""A comparison for people: who stands where, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from hdeeprm.metrics import METRICS
from hdeeprm.simulator.compilation import COMPILING, compilation_told

from .outcome import Watch
from .setting import Setting
from .standings import Comparison, Standing
from .statistics import Interval

WIDTH = 200


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Print what was compared, the table of standings, and notes."""
    setting, unit = comparison.setting, METRICS[comparison.metric].unit
    console.print(_headline(setting))
    table = Table("contender")
    mean = "mean" if unit == "1" else f"mean ({unit})"
    for title in (mean, "95 % interval", "gain %", "95 % interval", "p", "p (Holm)"):
        table.add_column(title, justify="right")
    for standing in comparison.standings:
        table.add_row(*_row(standing, standing.name == comparison.baseline))
    console.print(table)
    direction = "higher" if comparison.higher_is_better else "lower"
    over = f"gain over {comparison.baseline}" if comparison.baseline else "no baseline, no gains"
    console.print(f"{comparison.metric}, {direction} is better; {over}, paired by window")
    for note in comparison.notes:
        console.print(f"  {note}")


def result_console() -> Console:
    """Standard output, wide enough for any table: a terminal breaks its lines, but no name is cut short."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.width = WIDTH
    return console


@contextmanager
def progress(console: Console) -> Iterator[Watch]:
    """A progress bar over the episodes; shown on a terminal only."""
    with Progress(
        SpinnerColumn(),
        TextColumn("episodes"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bars:
        task = bars.add_task("", total=None)
        with compilation_told(lambda: console.print(COMPILING)):
            yield lambda done, total: bars.update(task, completed=done, total=total)


def _headline(setting: Setting) -> str:
    load = "" if setting.load is None else f", load {setting.load:g}"
    num_windows, num_seeds = len(setting.starts), setting.num_seeds
    return (
        f"{num_windows} {_plural('window', num_windows)} of {setting.num_jobs:,} jobs of {setting.workload} "
        f"(part {setting.part}{load}) on {setting.platform} ({setting.num_cores:,} cores), "
        f"{num_seeds} {_plural('seed', num_seeds)} from {setting.seed}"
    )


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _row(standing: Standing, is_baseline: bool) -> tuple[str, ...]:
    figures = [standing.name, _shown(standing.mean), _bounds(standing.interval)]
    if is_baseline:
        return (*figures, "baseline", "", "", "")
    gains = f"{standing.gain:+.1f}" if math.isfinite(standing.gain) else "-"
    return (
        *figures,
        gains,
        _bounds(standing.gain_interval, "+.1f"),
        _probability(standing.p_value),
        _probability(standing.p_holm),
    )


def _bounds(interval: Interval, form: str = "") -> str:
    if not all(map(math.isfinite, interval)):
        return "-"
    low, high = (f"{bound:{form}}" if form else _shown(bound) for bound in interval)
    return f"{low} .. {high}"


def _shown(value: float) -> str:
    """Four digits or more, so that neither shares nor joules lose what tells them apart."""
    if not math.isfinite(value):
        return "-"
    if abs(value) >= 1e7:
        return f"{value:.4e}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:#.4g}"


def _probability(p_value: float) -> str:
    return "-" if math.isnan(p_value) else f"{p_value:.4f}"
