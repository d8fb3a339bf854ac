"""What the environment and the vector environment share: from the options to simulators and episodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdeeprm.errors import OptionsError
from hdeeprm.options import Options
from hdeeprm.scenario import Scenario
from hdeeprm.simulator import Objective
from hdeeprm.workloads.episode_windows import EpisodeWindows


def simulator_settings(options: Options, windows: EpisodeWindows) -> dict[str, Any]:
    """Keyword arguments of the simulators that the options ask for."""
    window = options.workload.window
    return {
        "objective": Objective[options.env.objective],
        "integrated": options.env.reward == "integrated",
        "max_jobs": windows.length,
        "tolerance": options.simulator.instant_tolerance,
        "queue_sensitivity": options.env.queue_sensitivity,
        "num_choices": options.action_table().num_choices,
        "load": window.load if window else None,
    }


def first_job_asked(options: Any) -> Any:
    """What the options of a reset say of the first job, or None.

    Raises:
        OptionsError: If they hold anything else.
    """
    if options is not None and not isinstance(options, Mapping):
        raise OptionsError(f"reset: options: {options!r} is no mapping; give {{'first_job': k}} or None")
    unknown = set(options or {}) - {"first_job"}
    if unknown:
        raise OptionsError(f"reset: {sorted(map(str, unknown))[0]!r} is not an option; there is 'first_job'")
    return (options or {}).get("first_job")


def no_job_can_run(scenario: Scenario, windows: EpisodeWindows, first_job: int) -> str:
    """What to say of an episode that would be over before it began."""
    return (
        f"{scenario.workload.name}: none of the {windows.length} jobs from job {first_job} can run on the "
        f"platform {scenario.platform.name!r}; take another window or a larger platform"
    )
