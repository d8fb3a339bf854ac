"""The Gymnasium environment: an agent manages a workload on a heterogeneous platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from hdeeprm.errors import AgentError, SimulationError, WorkloadError
from hdeeprm.options import Options
from hdeeprm.selections import VOID_CODE
from hdeeprm.simulator import Snapshot
from hdeeprm.simulator.choosing import NewPeer
from hdeeprm.simulator.kernel.tables import NTH_JOB

from .rendering import LiveView, Pixels, render_frame, render_text
from .settings import (
    RENDER_FPS,
    RENDER_MODES,
    DecisionProblem,
    checked_render_mode,
    reset_options,
    stream_seed,
)

Observation = npt.NDArray[np.float32]
Mask = npt.NDArray[np.int8]


@dataclass(frozen=True)
class EnvironmentSnapshot:
    """The state of an environment at a decision point."""

    simulation: Snapshot
    random_state: Mapping[str, Any] | None  # of np_random; None before its first use


class WorkloadManagementEnv(gymnasium.Env[Observation, np.int64]):
    """Choose which waiting job goes next and which cores it gets, on a platform whose cores differ.

    **Decision points.** An instant with a submission or a completion after which jobs wait; with actions of
    type *jobs*, one at which also one of the jobs to choose from fits. Between them time is simulated; events
    within 1e-9 x max(1, now) s (``simulator.instant_tolerance``) are one instant.

    **Actions.** ``Discrete(n)``, by ``env.actions.type``:

    * *pairs*: the selection pairs of ``env.actions.selection`` in their order (all 36 by default: job
      selections random, first, shortest, smallest, low_mem, low_mem_bw times core selections random,
      high_gflops, high_cores, high_mem, high_mem_bw, low_power). A pair is applied repeatedly: take the
      selected job, allocate it core by core, start it, and go on until the selected job does not fit. A
      score, such as F1 or ``score:requested_time * cores``, may take the place of the job selection.
    * *jobs*: action k starts the waiting job that has k older ones, alone, on cores by
      ``env.actions.core_selection``, for k below ``env.actions.num_jobs``. It is masked where there is no
      such job or it does not fit. While a job was started and another one fits, time stands still and the
      next decision is about the same instant.

    Where ``queue.discipline`` is *commit*, a job that was selected and does not fit is selected again,
    whatever the action, until it starts; single jobs may then be chosen whether they fit or not, and the next
    decision comes when the chosen one has started. ``queue.backfilling`` lets others start beside it.

    The last action is *void* where ``env.actions.void`` is true. It starts nothing and lets time go on; it is
    masked where no job runs and none will arrive. A masked action is replaced by the first allowed one and
    counted in ``info["invalid_actions"]``.

    **Observation.** ``Box(0, 1, (size,), float32)``, flat, by ``env.observation``:

    * *normal*: for each node its free memory fraction; for each of its processors the free bandwidth
      fraction (0 when over-subscribed), then for each of its cores the speed and the power of its P-state
      over those of P0, and the remaining fraction of its job (by the user's estimate; true run times are
      hidden).
    * *small*: the same without the cores.
    * *minimal*: nothing of the platform.
    * These three end with 21 values of the queue: minimum, first quartile, median, third quartile and maximum
      of requested time, cores, memory and bandwidth of the waiting jobs over the 99th percentile of the
      workload, then the relative change of the queue's length since the last decision, mapped from
      [-s, s] (``env.queue_sensitivity``) to [0, 1].
    * *fit*: for each job selection but random three values of the job that it picks: whether it fits now, its
      requested time and its cores; 15 values.
    * *queue*: ten values for each of the first ``env.actions.num_jobs`` waiting jobs, all 0 where there are
      fewer: 1; whether it fits now; requested time and cores; cores over those of the platform; memory and
      bandwidth over the 99th percentiles; age up to 30 days; age over requested time (at least 10 s) up to
      10,000; requested time x cores.
    * *fit* and *queue* end with 7 values of the system: free cores over all; number of waiting jobs; age of
      the oldest; share of over-subscribed processors; mean requested time and cores of the running jobs;
      their number. Times, cores, ages and numbers are log(1 + value) / log(1 + limit), where the limit is the
      99th percentile of the workload, for numbers that of the episode's jobs.
    * Others by the name that ``hdeeprm.env.register_observation`` was given.

    **Reward.** By ``env.objective``; *instant* is a rate right after the action, *integrated* adds up over an
    episode to exactly the second column (times in s, power in W, energy in J):

    =====================  =====================================  =======================================
    objective              instant                                integrated, over the episode
    =====================  =====================================  =======================================
    avg_job_slowdown       -sum of 1 / requested time             -sum of turnaround / requested time
    avg_job_completion     -unfinished jobs                       -sum of turnaround
    avg_utilization        active cores                           core-seconds used
    makespan               current GFLOPS                         -first submission to last completion
    energy_consumption     -current watts                         -joules
    edp                    -watts x unfinished jobs               -joules x makespan
    avg_wait               -waiting jobs                          -sum of waits
    avg_bounded_slowdown   -sum of 1 / max(requested time, 10)    -sum of bounded slowdowns
    =====================  =====================================  =======================================

    **Episode.** All jobs, or a sequence of ``workload.window``: ``length`` jobs from ``start``, which is
    fixed, or drawn from the environment's seed at each reset, or given as
    ``reset(options={"first_job": k})``. With ``split``, sequences lie within one part of the workload; with
    ``load``, their arrivals are stretched until they offer that load. ``terminated`` once every job has ended
    or was rejected; ``truncated`` is left to Gymnasium's ``TimeLimit`` (``max_episode_steps``).

    **Info**, the same keys at each step: ``action_mask`` int8, shape (n,); ``now`` s; ``num_waiting``,
    ``num_running``, ``num_ended`` jobs; ``invalid_actions``. What the schedule came to is told by
    :meth:`summary`.

    **Rendering**, by ``render_mode``: *ansi*, queue, running jobs and nodes as text; *rgb_array*, a frame of
    800 x 448 pixels with the Gantt chart so far, the queue over time and the load of the nodes; *human*, each
    state is shown by itself, in a window where there is a display and matplotlib, else in the terminal, at
    most ten decisions a second.

    Args:
        options: The content of an options.json, its path, or loaded options.
        workload: A workload file that takes the place of ``workload_file_path``.
        part: Part of the workload that takes the place of ``workload.window.part``: "all", "train",
            "validation" or "test".
        render_mode: None, "ansi", "rgb_array" or "human".
        recording: Keep which cores each job got and when processors were over-subscribed; pictures do so
            anyway.
        new_peer: Makes a Batsim for the platform and the workload, which tells the time instead of the
            simulator of the options.

    Raises:
        OptionsError, PlatformError, WorkloadError: If the options or what they name cannot be used.
    """

    metadata = {"render_modes": [*RENDER_MODES], "render_fps": RENDER_FPS}  # noqa: RUF012  (Gymnasium's form)

    def __init__(
        self,
        options: Mapping[str, Any] | str | Path | Options,
        *,
        workload: str | Path | None = None,
        part: str | None = None,
        render_mode: str | None = None,
        recording: bool = False,
        new_peer: NewPeer | None = None,
    ) -> None:
        self.render_mode = checked_render_mode(render_mode)
        problem = DecisionProblem.of(options, workload, part, new_peer)
        self.experiment_options = problem.options
        self.scenario = problem.scenario
        self.actions = problem.actions
        self.windows = problem.windows
        self.observation_space = problem.observation_space
        self.action_space = problem.action_space
        self.simulator = problem.simulator(recording or render_mode in ("rgb_array", "human"))
        self._problem = problem
        self._observation_size = problem.observation_size
        self._codes = self.actions.as_array()
        self._pairs = [(int(job), int(core)) for job, core in self._codes]
        self._all_allowed = np.ones(len(self._pairs), np.int8)
        self._view = LiveView(RENDER_FPS) if render_mode == "human" else None

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
        fresh = seed is not None or self._np_random is None
        super().reset(seed=seed)
        choice = reset_options(options)["first_job"]
        start = self.windows.choice if choice is None else self.windows.checked(choice)
        new_seed = stream_seed(self.np_random) if fresh else None
        self.simulator.reset(start, self.windows.length, new_seed)
        if self.simulator.over:
            raise WorkloadError(self._problem.no_job_can_run(self.simulator.first_job))
        self._show()
        return self._observation(), self._info()

    def step(self, action: np.int64 | int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action and go to the next decision point, or to the end of the episode.

        Raises:
            AgentError: If the action is outside the action space.
            SimulationError: If the episode is over.
        """
        reward = self.simulator.step(self._pairs[self.allowed_action(action)])
        self._show()
        return self._observation(), reward, self.simulator.over, False, self._info()

    def allowed_action(self, action: np.int64 | int) -> int:
        """The action itself where it is allowed; the first allowed one, counted, where it is masked.

        Raises:
            AgentError: If the action is outside the action space.
        """
        self._check(action)
        if self.is_masked(int(action)):
            self.simulator.count_invalid_action()
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
        selection = self._pairs[action][0]
        if selection == VOID_CODE:
            return not self.simulator.may_wait()
        return selection >= NTH_JOB and not self.simulator.allows(selection)

    def action_masks(self) -> Mask:
        """Which actions are allowed at this decision point: int8, shape (actions,), 1 where allowed."""
        mask = self._all_allowed.copy()
        if self.actions.num_choices:
            self.simulator.write_mask(self._codes, mask)
        elif self.actions.void:
            mask[-1] = self.simulator.may_wait()
        return mask

    def summary(self) -> dict[str, float]:
        """What the schedule of the episode has come to so far.

        ``objective`` as integrated rewards add up to it and, as means over the jobs that have ended,
        ``avg_wait`` s, ``avg_turnaround`` s, ``avg_bounded_slowdown``; then ``utilization``, ``makespan`` s
        and ``energy_joules``.
        """
        return self.simulator.summary()

    def snapshot(self) -> EnvironmentSnapshot:
        """The present state, to come back to with :meth:`restore`, as often as wanted."""
        random_state = None if self._np_random is None else self._np_random.bit_generator.state
        return EnvironmentSnapshot(self.simulator.snapshot(), random_state)

    def restore(self, snapshot: EnvironmentSnapshot) -> None:
        """Come back to a state of this environment, or of another one with the same options.

        What comes then is what came after the snapshot, random draws included. A ``TimeLimit`` around the
        environment goes on counting.

        Raises:
            SimulationError: If the snapshot is of another platform, workload or clock.
        """
        if type(snapshot.simulation) is not self.simulator.snapshot_kind:
            raise SimulationError(
                "the snapshot is of an environment on another clock; restore one of this clock"
            )
        self.simulator.restore(snapshot.simulation)
        if snapshot.random_state is None:
            self._np_random = None
        else:
            self.np_random.bit_generator.state = snapshot.random_state

    def close(self) -> None:
        """Give up an unfinished episode; a Batsim that ran it is ended, and so is what is shown live."""
        self.simulator.close()
        if self._view is not None:
            self._view.close()

    def render(self) -> str | Pixels | None:
        """The present state as the render mode has it; in mode "human" it is shown, and nothing returned."""
        if self.render_mode == "ansi":
            return render_text(self.simulator)
        if self.render_mode == "rgb_array":
            return render_frame(self.simulator)
        self._show()
        return None

    def _show(self) -> None:
        """Show the state live, in the mode that is for it."""
        if self._view is not None:
            self._view.show(self.simulator)

    def _observation(self) -> Observation:
        kind, out = self._problem.kind, np.empty(self._observation_size, np.float32)
        if kind.write is None:
            self.simulator.observe(kind.code, out)
        else:
            kind.write(self.simulator, out)
        return out

    def _info(self) -> dict[str, Any]:
        simulator = self.simulator
        return {
            "action_mask": self.action_masks(),
            "now": simulator.now,
            "num_waiting": simulator.num_waiting,
            "num_running": simulator.num_running,
            "num_ended": simulator.num_ended,
            "invalid_actions": simulator.invalid_actions,
        }
