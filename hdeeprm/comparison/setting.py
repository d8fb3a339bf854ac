"""What all contenders have in common: platform, workload, windows and seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hdeeprm.errors import OptionsError
from hdeeprm.options import Options
from hdeeprm.scenario import Scenario
from hdeeprm.workloads.episode_windows import PARTS, WHOLE, EpisodeWindows


@dataclass(frozen=True)
class Setting:
    """What all contenders had in common."""

    platform: str
    num_cores: int
    workload: str
    num_jobs: int  # of a window
    starts: tuple[int, ...]  # first job of each window
    part: str
    load: float | None
    seed: int
    num_seeds: int


def setting_of(
    options: Options, scenario: Scenario, num_windows: int, num_seeds: int, part: str | None
) -> Setting:
    """The windows, and all else that the contenders have in common.

    Args:
        options: Say what a window is; their part of the workload does not count here.
        scenario: Platform and workload.
        num_windows: How many windows are wanted, evenly spaced; those that coincide count once.
        num_seeds: Episodes of those who draw in each window.
        part: Of the workload, by default "test" where there is a split, else "all".

    Raises:
        OptionsError: If the part is unknown, there is no split, or no window fits.
    """
    window = options.workload.window
    split = window.split if window else None
    part = part or (PARTS[-1] if split else WHOLE)
    if part not in (WHOLE, *PARTS):
        raise OptionsError(f"part: {part!r} is not known; one of {', '.join((WHOLE, *PARTS))}")
    if part != WHOLE and split is None:
        raise OptionsError(
            f"part: {part!r} needs a split; add one to workload.window, such as [0.6, 0.2, 0.2], or take "
            f"{WHOLE!r}"
        )
    windows = EpisodeWindows.of(options, scenario.workload.num_jobs, part)
    return Setting(
        platform=scenario.platform.name,
        num_cores=scenario.platform.num_cores,
        workload=scenario.workload.name,
        num_jobs=windows.length,
        starts=_starts(windows, window.starts if window else None, num_windows, scenario.workload.num_jobs),
        part=part,
        load=window.load if window else None,
        seed=options.seed,
        num_seeds=num_seeds,
    )


def _starts(
    windows: EpisodeWindows, given: tuple[int, ...] | None, num_windows: int, num_jobs: int
) -> tuple[int, ...]:
    """First jobs of the windows: those that the options give, else evenly spaced ones."""
    if given is None:
        return tuple(np.unique(windows.spread(num_windows)).tolist())
    beyond = [start for start in given if start + windows.length > num_jobs]
    if beyond:
        raise OptionsError(
            f"workload.window.starts: {windows.length} jobs from job {beyond[0]} go beyond the workload's "
            f"{num_jobs}; take earlier ones or shorter windows"
        )
    return tuple(dict.fromkeys(given))


def window_notes(setting: Setting, options: Options, asked: int) -> list[str]:
    """What the windows are short of."""
    num_windows = len(setting.starts)
    if options.workload.window is None:
        return ["one window, all jobs: there are no intervals; name shorter ones in workload.window"]
    are_given = options.workload.window.starts is not None
    few = num_windows < asked and not are_given
    notes = [f"there are only {num_windows} windows of these jobs"] if few else []
    if any(np.diff(np.sort(setting.starts)) < setting.num_jobs):
        notes.append("windows overlap, so that intervals and p values are too small; take fewer windows")
    return notes
