"""The vector environment: many simulations side by side, moved in one compiled call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from hdeeprm.errors import OptionsError, SimulationError, WorkloadError
from hdeeprm.options import Options
from hdeeprm.simulator.batch import DISABLED, NEXT_STEP, SAME_STEP
from hdeeprm.simulator.told_batch import PEER

from .rendering import render_text
from .settings import RENDER_FPS, DecisionProblem, checked_render_mode, reset_options, stream_seed
from .vector_arguments import at_least_one, checked_actions, checked_mode, chosen_rows, row_seeds
from .vector_infos import Array, Bools, fields, in_rows, only, plain, told

Observations = npt.NDArray[np.float32]
Masks = npt.NDArray[np.int8]
Actions = npt.NDArray[np.int64]
Step = tuple[Observations, npt.NDArray[np.float64], Bools, Bools, dict[str, Any]]

_MODES = {
    AutoresetMode.NEXT_STEP: NEXT_STEP,
    AutoresetMode.SAME_STEP: SAME_STEP,
    AutoresetMode.DISABLED: DISABLED,
}

RENDER_MODES = ("ansi",)
"""Pictures need the placements of all jobs, which many simulations side by side do not record."""


class WorkloadManagementVectorEnv(VectorEnv[Observations, Actions, Array]):
    """N environments as :class:`WorkloadManagementEnv` describes them, in rows of common arrays.

    Row i does, bit for bit, what a single environment does that is reset with seed i of the list, or with
    seed + i; so the number of rows changes nothing. ``gymnasium.make_vec`` makes one by itself.

    **Autoreset.** ``NEXT_STEP``: the step after the end of an episode ignores its action and starts the next
    one, with reward 0. ``SAME_STEP``: the step that ends an episode starts the next one, too;
    ``infos["final_obs"]`` and ``infos["final_info"]`` then hold what the ended one showed last. ``DISABLED``:
    ended rows wait for ``reset(options={"reset_mask": rows})``, rows a bool array of shape (N,).

    **Infos**, arrays by Gymnasium's convention (beside each a bool array, its name after an underscore, of
    the rows that it tells of): what the single environment tells; at the end of episodes
    ``episode_summary``, a dict of arrays as the single environment's ``summary()`` names them.

    Every array returned is a new one, except for those bool arrays where they are all true. A copy
    (``copy.deepcopy``) goes its own way. The environment draws nothing from its own ``np_random``.

    Args:
        options: The content of an options.json, its path, or loaded options.
        num_envs: Number of rows.
        workload: A workload file that takes the place of ``workload_file_path``.
        part: Part of the workload that episodes take their windows from, instead of ``workload.window.part``:
            "all", "train", "validation" or "test".
        autoreset_mode: What follows the end of an episode.
        max_episode_steps: Steps after which an episode is truncated.
        render_mode: None or "ansi".

    Attributes:
        batch: The simulations; ``batch.view`` holds what was shown last, without copying.

    Raises:
        OptionsError, PlatformError, WorkloadError: If the options or what they name cannot be used.
    """

    def __init__(
        self,
        options: Mapping[str, Any] | str | Path | Options,
        *,
        num_envs: int = 1,
        workload: str | Path | None = None,
        part: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.num_envs = at_least_one("num_envs", num_envs)
        self.max_episode_steps = max_episode_steps
        if max_episode_steps is not None:
            at_least_one("max_episode_steps", max_episode_steps)
        self.render_mode = checked_render_mode(render_mode, RENDER_MODES)
        self.autoreset_mode = checked_mode(autoreset_mode)
        self.metadata = {
            "render_modes": [*RENDER_MODES],
            "render_fps": RENDER_FPS,
            "autoreset_mode": self.autoreset_mode,
        }
        self._take(DecisionProblem.of(options, workload, part))
        by_hand = self._problem.kind.write is not None or max_episode_steps is not None
        self._restarts = by_hand and self.autoreset_mode is AutoresetMode.SAME_STEP
        self._kernel_mode = DISABLED if self._restarts else _MODES[self.autoreset_mode]
        self._rows = np.ones(num_envs, np.bool_)
        self._rows.flags.writeable = False
        self._has_final = False
        self._seeded = np.zeros(num_envs, np.bool_)

    def _take(self, problem: DecisionProblem) -> None:
        """Set up spaces and simulators."""
        self._problem = problem
        self.experiment_options = problem.options
        self.scenario = problem.scenario
        self.actions = problem.actions
        self.windows = problem.windows
        self.single_observation_space = problem.observation_space
        self.single_action_space = problem.action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.batch = problem.simulators(self.num_envs)
        choice = self.windows.choice
        self._starts = np.empty((self.num_envs, 2), np.int64)
        self._starts[:] = choice

    def reset(  # seeds may be a list, as in Gymnasium's own vector environments
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Observations, dict[str, Any]]:
        """Start an episode in each row and go to its first decision point.

        Args:
            seed: A seed per row, or one that row i adds i to; None lets random draws go on.
            options: ``first_job``, an integer or one per row, where these episodes start; ``reset_mask``, the
                rows that are reset, bool, shape (N,).

        Raises:
            OptionsError: If seed or options cannot be used.
            WorkloadError: If no job of the window can run on the platform.
        """
        asked = reset_options(options, ("first_job", "reset_mask"))
        chosen = self._chosen(asked["reset_mask"])
        seeds = row_seeds(seed, self.num_envs)
        starts = self._asked_starts(asked["first_job"])
        fresh = [self._stream_seed(row, seeds[row]) if chosen[row] else None for row in range(self.num_envs)]
        self._open(starts, chosen, fresh if any(number is not None for number in fresh) else None)
        self._seeded |= chosen
        clock = self.batch.tables.clock[:, 0]
        clock["first_start"], clock["last_start"] = self._starts.T  # of the episodes after these
        return self.batch.view.observations.copy(), self._infos(chosen)

    def _chosen(self, reset_mask: Any) -> Bools:
        """The rows to reset."""
        if reset_mask is None:
            return self._rows
        mask = chosen_rows(reset_mask, self.num_envs)
        if not (self._seeded | mask).all():
            raise OptionsError("reset: reset_mask: reset all environments before some of them")
        return mask

    def _stream_seed(self, row: int, seed: int | None) -> int | None:
        """Seed of the random stream of a row; None where it goes on."""
        if seed is None and self._seeded[row]:
            return None
        return stream_seed(np_random(seed)[0])

    def _asked_starts(self, first_job: Any) -> Array:
        """First and last job that each row may start at, int64, shape (N, 2)."""
        if first_job is None:
            return self._starts
        jobs = first_job if np.ndim(first_job) else [first_job] * self.num_envs
        if len(jobs) != self.num_envs:
            raise OptionsError(f"reset: first_job: {len(jobs)} jobs for {self.num_envs} environments")
        checked = [self.windows.checked(job) for job in jobs]
        return np.array([checked, checked], np.int64).T

    def _open(self, starts: Array, chosen: Bools, seeds: list[int | None] | None = None) -> None:
        """Start episodes in some rows."""
        try:
            self.batch.reset(starts, self.windows.length, chosen, seeds)
        except SimulationError:
            stuck = np.flatnonzero(chosen & (self.batch.view.outcomes["over"] != 0))
            first_job = self.batch.simulators[int(stuck[0])].first_job
            raise WorkloadError(self._problem.no_job_can_run(first_job)) from None
        self._observe(chosen)

    def _observe(self, rows: Bools) -> None:
        """Write the observations of some rows where Python does that."""
        write = self._problem.kind.write
        if write is not None:
            for row in np.flatnonzero(rows):
                write(self.batch.simulators[row], self.batch.view.observations[row])

    def step(self, actions: Any) -> Step:
        """Take an action in each row and go to the next decision points.

        Args:
            actions: Integers from 0 on, shape (N,). A masked one is replaced by the first allowed one and
                counted in ``infos["invalid_actions"]``.

        Raises:
            AgentError: If the actions are not in the action space.
            SimulationError: If an episode is over, or there was no reset.
        """
        view, numbers = self.batch.view, checked_actions(actions, self.num_envs, self.actions.num_actions)
        if not self._seeded[0]:
            raise SimulationError("there is no episode yet; reset before the first step")
        self._forget_final()
        self.batch.step(numbers, self._kernel_mode)
        self._observe(self._rows)
        rewards = view.outcomes["reward"].copy()
        terminations = view.final_outcomes["over"] != 0
        truncations = self._cut()
        ended = terminations | truncations
        ending = self._end(ended, terminations) if ended.any() else {}
        return view.observations.copy(), rewards, terminations, truncations, self._infos(self._rows) | ending

    def _cut(self) -> Bools:
        """The rows whose episodes have had all the steps that they may have; they count as over."""
        if self.max_episode_steps is None:
            return np.zeros(self.num_envs, np.bool_)
        cut: Bools = self.batch.tables.clock["num_decisions"][:, 0] >= self.max_episode_steps
        self.batch.view.outcomes["over"][cut] = 1
        return cut

    def _forget_final(self) -> None:
        """Let the final values be 0 but where an episode ends in the coming step."""
        if self._has_final:
            view = self.batch.view
            for array in (view.final_masks, view.final_outcomes, view.summaries):
                array.view(np.uint8).fill(0)
            self._has_final = False

    def _end(self, ended: Bools, terminations: Bools) -> dict[str, Any]:
        """What infos tell of ended episodes; starts the next ones where the kernel has not."""
        view = self.batch.view
        self._has_final = True
        for row in np.flatnonzero(ended & ~terminations):
            self.batch.simulators[row].write_summary(view.summaries[row : row + 1])
        if self._restarts:
            view.final_observations[ended] = view.observations[ended]
            view.final_masks[ended] = view.masks[ended]
            view.final_outcomes[ended] = view.outcomes[ended]
            self._open(self._starts, ended)
        summary = fields(view.summaries, view.summaries.dtype.names or (), ended)
        infos = {"episode_summary": summary, "_episode_summary": ended}
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            infos["final_obs"], infos["_final_obs"] = in_rows(view.final_observations, ended), ended
            infos["final_info"] = told(view.final_masks, view.final_outcomes, ended)
            infos["_final_info"] = ended
        return infos

    def _infos(self, rows: Bools) -> dict[str, Any]:
        """What infos tell of the present decision points of some rows."""
        view = self.batch.view
        if rows is self._rows:
            return told(view.masks, view.outcomes, rows)
        return told(only(view.masks, rows), only(view.outcomes, rows), rows)

    def action_masks(self) -> Masks:
        """Which actions are allowed at the present decision points: int8, shape (N, actions)."""
        return self.batch.view.masks.copy()

    def snapshot(self) -> dict[str, Array]:
        """The present state, to come back to with :meth:`restore`: plain arrays by name, ready for any file.

        They hold all that the next steps depend on: simulations with their random streams and steps so far,
        and what is shown.
        """
        return {name: plain(array) for name, array in self._state().items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Come back to a state of this environment, or of one with the same arguments.

        Raises:
            SimulationError: If it is of another number of environments, platform, workload or observation.
        """
        own = self._state()
        given = {name: np.ascontiguousarray(array) for name, array in state.items()}
        if _shapes(given) != _shapes({name: plain(array) for name, array in own.items()}):
            raise SimulationError(
                "the state is of another vector environment; restore one of the same options and num_envs"
            )
        typed = {name: given[name].view(array.dtype) for name, array in own.items()}
        self._seeded = typed.pop("seeded").copy()
        self.batch.restore(typed)

    def _state(self) -> dict[str, Array]:
        return self.batch.snapshot() | {"seeded": self._seeded.copy()}

    def render(self) -> tuple[str, ...] | None:
        """Queue, running jobs and nodes of each row as text, in render mode "ansi"."""
        if self.render_mode != "ansi":
            return None
        return tuple(render_text(simulator) for simulator in self.batch.simulators)

    def close_extras(self, **kwargs: Any) -> None:
        """End the threads, and Batsims that run simulations."""
        if hasattr(self, "batch"):  # Gymnasium closes what could not be made, too
            self.batch.close()


def _shapes(arrays: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays of a state; of those that may have any length only the number of axes."""
    return {name: (array.ndim,) if name.startswith(PEER) else array.shape for name, array in arrays.items()}
