"""The Gymnasium environment: an agent manages a workload on a heterogeneous platform."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from hdeeprm.errors import AgentError, OptionsError, WorkloadError
from hdeeprm.options import Options, load_options
from hdeeprm.scenario import Scenario, load_scenario
from hdeeprm.simulator import EmbeddedSimulator, Objective

from .observations import KINDS, observation_size, observation_space
from .rendering import render_text

Observation = npt.NDArray[np.float32]
Mask = npt.NDArray[np.int8]

MAX_WINDOW_DRAWS = 1000
"""Random windows drawn before it is said that none has a job that can run."""


class WorkloadManagementEnv(gymnasium.Env[Observation, np.int64]):
    """Choose which waiting job goes next and which cores it gets, on a platform whose cores differ.

    **Decision points.** An instant with a submission or a completion after which jobs wait. Between them
    time is simulated; events within 1e-9 x max(1, now) s (``simulator.instant_tolerance``) are one instant.

    **Actions.** ``Discrete(n)``: the selection pairs of ``env.actions.selection`` in their order (all 36 by
    default: job selections random, first, shortest, smallest, low_mem, low_mem_bw times core selections
    random, high_gflops, high_cores, high_mem, high_mem_bw, low_power), then *void* where ``env.actions.void``
    is true. A pair is applied repeatedly: take the selected job, allocate it core by core, start it, and go
    on until the selected job does not fit. Void starts nothing; it is masked where no job runs and none will
    arrive. A masked action is replaced by the first allowed one and counted in ``info["invalid_actions"]``.

    **Observation.** ``Box(0, 1, (size,), float32)``, flat:

    * *normal*: for each node its free memory fraction; for each of its processors the free bandwidth
      fraction (0 when over-subscribed), then for each of its cores the speed and the power of its P-state
      over those of P0, and the remaining fraction of its job (by the user's estimate; true run times are
      hidden).
    * *small*: the same without the cores.
    * *minimal*: nothing of the platform.
    * All end with 21 values of the queue: minimum, first quartile, median, third quartile and maximum of
      requested time, cores, memory and bandwidth of the waiting jobs over the 99th percentile of the
      workload, then the relative change of the queue's length since the last decision, mapped from
      [-s, s] (``env.queue_sensitivity``) to [0, 1].

    **Reward.** By ``env.objective``; *instant* is a rate right after the action, *integrated* adds up over an
    episode to exactly the second column (times in s, power in W, energy in J):

    =====================  =====================================  =======================================
    objective              instant                                integrated, over the episode
    =====================  =====================================  =======================================
    avg_job_slowdown       - sum of 1 / requested time            - sum of turnaround / requested time
    avg_job_completion     - unfinished jobs                      - sum of turnaround
    avg_utilization        active cores                           core-seconds used
    makespan               current GFLOPS                         - first submission to last completion
    energy_consumption     - current watts                        - joules
    edp                    - watts x unfinished jobs              - joules x makespan
    avg_wait               - waiting jobs                         - sum of waits
    avg_bounded_slowdown   - sum of 1 / max(requested time, 10)   - sum of bounded slowdowns
    =====================  =====================================  =======================================

    **Episode.** All jobs, or the sequence ``workload.window`` (start, length; a random start is drawn from
    the environment's seed at each reset, or given as ``reset(options={"first_job": k})``). ``terminated``
    once every job has ended or was rejected; ``truncated`` is left to Gymnasium's ``TimeLimit``
    (``max_episode_steps``).

    **Info**, the same keys at each step: ``action_mask`` int8, shape (n,); ``now`` s; ``num_waiting``,
    ``num_running``, ``num_ended`` jobs; ``invalid_actions``.

    **Rendering.** ``render_mode="ansi"``: queue, running jobs and nodes as text.

    Args:
        options: The content of an options.json, its path, or loaded options.
        workload: A workload file that takes the place of ``workload_file_path``.
        render_mode: None or "ansi".
        recording: Keep which cores each job got and when processors were over-subscribed.

    Raises:
        OptionsError, PlatformError, WorkloadError: If the options or what they name cannot be used.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012  (Gymnasium's own form)

    def __init__(
        self,
        options: Mapping[str, Any] | str | Path | Options,
        *,
        workload: str | Path | None = None,
        render_mode: str | None = None,
        recording: bool = False,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise OptionsError(f"render_mode: {render_mode!r} is not known; one of None, 'ansi'")
        self.render_mode = render_mode
        if not isinstance(options, Options | Mapping | str | Path):
            raise OptionsError(f"options: {options!r} is not the content of an options.json nor its path")
        self.experiment_options = options if isinstance(options, Options) else load_options(options)
        self.scenario = load_scenario(self.experiment_options, workload)
        self.actions = self.experiment_options.action_table()
        self.simulator = _build_simulator(self.experiment_options, self.scenario, recording)
        chosen = self.experiment_options.env.observation
        self.observation_space = observation_space(chosen, self.scenario.platform)
        self.action_space = gymnasium.spaces.Discrete(self.actions.num_actions)
        self._observation_kind = KINDS[chosen]
        self._observation_size = observation_size(chosen, self.scenario.platform)
        self._pairs = [(int(job), int(core)) for job, core in self.actions.as_array()]
        self._all_allowed = np.ones(len(self._pairs), np.int8)
        self._void_masked = self._all_allowed.copy()
        if self.actions.void:
            self._void_masked[-1] = 0
        self._invalid_actions = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode and go to its first decision point.

        Args:
            seed: Seed of random windows and random selections from now on; None goes on with the last one.
            options: ``{"first_job": k}`` starts the window at job k.

        Raises:
            OptionsError: If ``first_job`` is outside the workload.
            WorkloadError: If no job of the window can run on the platform.
        """
        super().reset(seed=seed)
        if options is not None and not isinstance(options, Mapping):
            raise OptionsError(f"reset: options: {options!r} is no mapping; give {{'first_job': k}} or None")
        self._invalid_actions = 0
        unknown = set(options or {}) - {"first_job"}
        if unknown:
            raise OptionsError(
                f"reset: {sorted(map(str, unknown))[0]!r} is not an option; there is 'first_job'"
            )
        self._open_window((options or {}).get("first_job"))
        return self._observation(), self._info()

    def _open_window(self, given: int | None) -> None:
        """Reset the simulator to the given window, or to the one that the options say."""
        window, num_jobs = self.experiment_options.workload.window, self.scenario.workload.num_jobs
        length = window.length if window else num_jobs
        if given is not None and not (
            isinstance(given, int | np.integer) and 0 <= given <= num_jobs - length
        ):
            raise OptionsError(
                f"reset: first_job: {given!r} is not an integer from 0 to {num_jobs - length}, "
                "the last job that a window can start at"
            )
        drawn = given is None and window is not None and window.start == "random"
        for _ in range(MAX_WINDOW_DRAWS if drawn else 1):
            first_job = int(given) if given is not None else 0
            if drawn:
                first_job = int(self.np_random.integers(num_jobs - length + 1))
            elif given is None and window is not None:
                first_job = int(window.start)
            self.simulator.reset(first_job, length, int(self.np_random.integers(2**63)))
            if not self.simulator.over:
                return
        raise WorkloadError(
            f"{self.scenario.workload.name}: none of the {length} jobs from job {first_job} can run on the "
            f"platform {self.scenario.platform.name!r}; take another window or a larger platform"
        )

    def step(self, action: np.int64 | int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action and go to the next decision point, or to the end of the episode.

        Raises:
            AgentError: If the action is outside the action space.
            SimulationError: If the episode is over.
        """
        reward = self.simulator.step(self._pairs[self.allowed_action(action)])
        return self._observation(), reward, self.simulator.over, False, self._info()

    def allowed_action(self, action: np.int64 | int) -> int:
        """The action itself where it is allowed; the first allowed one, counted, where it is masked.

        Raises:
            AgentError: If the action is outside the action space.
        """
        self._check(action)
        if self.is_masked(int(action)):
            self._invalid_actions += 1
            return int(np.argmax(self.action_masks()))
        return int(action)

    def _check(self, action: np.int64 | int) -> None:
        if not self.action_space.contains(action):
            raise AgentError(
                f"action {action!r} is not an integer from 0 to {len(self._pairs) - 1}; "
                "the environment's actions.names tells what each does"
            )

    def pair(self, action: int) -> tuple[int, int]:
        """Job selection and core selection of an action; (-1, -1) for void.

        Raises:
            AgentError: If the action is outside the action space.
        """
        self._check(action)
        return self._pairs[action]

    def is_masked(self, action: int) -> bool:
        """Whether an action is masked at this decision point."""
        return self._pairs[action][0] < 0 and not self.simulator.may_wait()

    def action_masks(self) -> Mask:
        """Which actions are allowed at this decision point: int8, shape (actions,), 1 where allowed."""
        return (self._all_allowed if self.simulator.may_wait() else self._void_masked).copy()

    def render(self) -> str | None:
        """Queue, running jobs and nodes as text, in render mode "ansi"."""
        return render_text(self.simulator) if self.render_mode == "ansi" else None

    def _observation(self) -> Observation:
        out = np.empty(self._observation_size, np.float32)
        self.simulator.observe(self._observation_kind, out)
        return out

    def _info(self) -> dict[str, Any]:
        simulator = self.simulator
        return {
            "action_mask": self.action_masks(),
            "now": simulator.now,
            "num_waiting": simulator.num_waiting,
            "num_running": simulator.num_running,
            "num_ended": simulator.num_ended,
            "invalid_actions": self._invalid_actions,
        }


def _build_simulator(options: Options, scenario: Scenario, recording: bool) -> EmbeddedSimulator:
    window = options.workload.window
    return EmbeddedSimulator(
        scenario.platform,
        scenario.workload,
        objective=Objective[options.env.objective],
        integrated=options.env.reward == "integrated",
        recording=recording,
        max_jobs=window.length if window else None,
        tolerance=options.simulator.instant_tolerance,
        queue_sensitivity=options.env.queue_sensitivity,
    )
