"""Which part of a workload agents are trained, validated and tested on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hdeeprm.options import Options
from hdeeprm.workloads.episode_windows import EpisodeWindows


def training_part(options: Options) -> str | None:
    """Part of the workload to train on; None: the one that the options name."""
    return "train" if options.workload.has_split else None


def validation_part(options: Options) -> str | None:
    """Part of the workload to validate on; None: the one that the options name."""
    return "validation" if options.workload.has_split else None


def test_part(options: Options) -> str | None:
    """Part of the workload that a trained agent is tested on; None: the one that the options name.

    It is the third one where the options have a split and name no part of it.
    """
    window = options.workload.window
    return "test" if options.workload.has_split and window is not None and window.part == "all" else None


def validation_starts(options: Options, num_jobs: int) -> npt.NDArray[np.int64]:
    """First jobs of the windows to validate on, shape (windows,); none where nothing is to be validated.

    They are spread over the part "validation", or over all windows where there is no split; without random
    windows there is one. A split may leave the part out by a share of 0.

    Raises:
        OptionsError: If a window does not fit the part.
    """
    window, training = options.workload.window, options.training
    is_left_out = window is not None and window.split is not None and window.split[1] == 0
    if training.validations == 0 or is_left_out:
        return np.zeros(0, np.int64)
    windows = EpisodeWindows.of(options, num_jobs, validation_part(options))
    spreads = windows.drawn or options.workload.has_split
    return np.unique(windows.spread(training.validation_windows if spreads else 1))
