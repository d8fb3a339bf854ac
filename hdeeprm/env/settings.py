"""What the environment and the vector environment share: from the options to simulators and episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from hdeeprm.errors import OptionsError, did_you_mean
from hdeeprm.options import Options, load_options
from hdeeprm.scenario import Scenario, load_scenario
from hdeeprm.selections import ActionTable
from hdeeprm.simulator import EmbeddedSimulator, Objective, SimulatorBatch
from hdeeprm.simulator.choosing import NewPeer, new_batch, new_simulator, peer_of, queue_rules
from hdeeprm.workloads.episode_windows import PARTS, WHOLE, EpisodeWindows

from .observations import KINDS, Kind, observation_space

RENDER_MODES = ("human", "ansi", "rgb_array")
RENDER_FPS = 10
"""Decisions that are shown in a second, live and in videos."""


@dataclass(frozen=True)
class DecisionProblem:
    """An experiment's platform and workload, what may be done there and what is seen."""

    options: Options
    scenario: Scenario
    actions: ActionTable
    windows: EpisodeWindows
    observation_space: gymnasium.Space[npt.NDArray[np.float32]]
    action_space: gymnasium.spaces.Discrete
    new_peer: NewPeer | None  # makes a Batsim where one tells the time

    @classmethod
    def of(
        cls, options: Any, workload: str | Path | None, part: str | None, new_peer: NewPeer | None = None
    ) -> DecisionProblem:
        """The problem that options name.

        Args:
            options: The content of an options.json, its path, or loaded options.
            workload: A workload file that takes the place of ``workload_file_path``.
            part: Part of the workload that takes the place of ``workload.window.part``.
            new_peer: Makes a Batsim for platform and workload, instead of the simulator of the options.

        Raises:
            OptionsError, PlatformError, WorkloadError: If these or what they name cannot be used.
        """
        if not isinstance(options, Options | Mapping | str | Path):
            raise OptionsError(f"options: {options!r} is not the content of an options.json nor its path")
        known = (WHOLE, *PARTS)
        if part is not None and part not in known:
            raise OptionsError(
                f"part: {part!r} is none of {', '.join(known)}.{did_you_mean(str(part), known)}"
            )
        loaded = options if isinstance(options, Options) else load_options(options)
        scenario, actions, chosen = load_scenario(loaded, workload), loaded.action_table(), loaded.env
        return cls(
            options=loaded,
            scenario=scenario,
            actions=actions,
            windows=EpisodeWindows.of(loaded, scenario.workload.num_jobs, part),
            observation_space=observation_space(
                chosen.observation, scenario.platform, chosen.actions.num_jobs
            ),
            action_space=gymnasium.spaces.Discrete(actions.num_actions),
            new_peer=new_peer or peer_of(loaded.simulator),
        )

    @property
    def kind(self) -> Kind:
        """The kind of observation."""
        return KINDS[self.options.env.observation]

    @property
    def observation_size(self) -> int:
        """Number of values of an observation."""
        return self.kind.size(self.scenario.platform, self.options.env.actions.num_jobs)

    def simulator(self, recording: bool) -> EmbeddedSimulator:
        """The simulator that the options ask for."""
        where = self.scenario
        settings = self._simulator_settings()
        return new_simulator(self.new_peer, where.platform, where.workload, **settings, recording=recording)

    def simulators(self, count: int) -> SimulatorBatch:
        """Several of them, side by side."""
        where = self.scenario
        shown = self.actions.as_array(), (self.kind.code, self.observation_size)
        settings = self._simulator_settings()
        return new_batch(self.new_peer, where.platform, where.workload, count, *shown, **settings)

    def _simulator_settings(self) -> dict[str, Any]:
        """Keyword arguments of the simulators."""
        chosen, window = self.options.env, self.options.workload.window
        return {
            "objective": Objective[chosen.objective],
            "integrated": chosen.reward == "integrated",
            "max_jobs": self.windows.length,
            "tolerance": self.options.simulator.instant_tolerance,
            "queue_sensitivity": chosen.queue_sensitivity,
            "num_choices": self.actions.num_choices,
            "load": window.load if window else None,
            "queue": queue_rules(self.options.queue, self.actions.scores),
        }

    def no_job_can_run(self, first_job: int) -> str:
        """What to say of an episode that would be over before it began."""
        return (
            f"{self.scenario.workload.name}: none of the {self.windows.length} jobs from job {first_job} can "
            f"run on the platform {self.scenario.platform.name!r}; take another window or a larger platform"
        )


def checked_render_mode(render_mode: str | None, known: tuple[str, ...] = RENDER_MODES) -> str | None:
    """A render mode that there is.

    Args:
        render_mode: One of those that are known, or None.
        known: Those that the environment has.

    Raises:
        OptionsError: If it is unknown.
    """
    if render_mode is not None and render_mode not in known:
        listed = ", ".join(map(repr, (None, *known)))
        missing = "" if render_mode not in RENDER_MODES else "; a single environment has it"
        raise OptionsError(
            f"render_mode: {render_mode!r} is not known here; one of {listed}{missing}."
            f"{did_you_mean(str(render_mode), known)}"
        )
    return render_mode


def reset_options(options: Any, known: tuple[str, ...] = ("first_job",)) -> Mapping[str, Any]:
    """The options of a reset, none left out.

    Raises:
        OptionsError: If they hold anything unknown.
    """
    if options is not None and not isinstance(options, Mapping):
        raise OptionsError(f"reset: options: {options!r} is no mapping; give {{'first_job': k}} or None")
    unknown = set(options or {}) - set(known)
    if unknown:
        name, there = sorted(map(str, unknown))[0], " and ".join(map(repr, known))
        raise OptionsError(f"reset: {name!r} is not an option; there is {there}")
    return dict.fromkeys(known) | dict(options or {})


def stream_seed(rng: np.random.Generator) -> int:
    """Seed of the random draws of a simulation, from the generator of its environment."""
    return int(rng.integers(2**63))
