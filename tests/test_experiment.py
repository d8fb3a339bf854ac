"""One options.json, one run directory; and how agents are asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pytest

from hdeeprm.agents import Agent, ClassicAgent, RandomAgent
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError, OptionsError, RunDirectoryError
from hdeeprm.experiment import run_experiment
from hdeeprm.options import load_options
from hdeeprm.playing import MAX_MASKED_ANSWERS, Decisions, play
from hdeeprm.selections import PAIR_NAMES
from hdeeprm.simulator import EmbeddedSimulator
from scenarios import JOBS, TOO_MANY_CORES, make, options, selection

VOID = 36


class Stubborn(Agent):
    """Answers the same whatever it is shown, and counts how often it was asked."""

    def __init__(self, action: Any) -> None:
        self.action = action
        self.num_asked = 0

    def decide(self, observation: npt.NDArray[np.float32], action_mask: npt.NDArray[np.int8]) -> int:
        self.num_asked += 1
        return self.action  # type: ignore[no-any-return]


def played(env: WorkloadManagementEnv, agent: Agent, seed: int = 1) -> Decisions:
    return play(env, agent, seed, lambda env, num_decisions: None)


# Asking agents


@pytest.mark.parametrize("reward", ["instant", "integrated"])
@pytest.mark.parametrize("action", range(0, len(PAIR_NAMES), 5))
def test_one_action_for_ever_is_the_same_asked_or_not(
    action: int, reward: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmbeddedSimulator, "decisions_at_once", 3)
    content = options(env={"objective": "edp", "reward": reward})
    unasked, stubborn = played(make(content), ClassicAgent(action)), Stubborn(action)
    asked = played(make(content), stubborn)
    assert unasked.records.tobytes() == asked.records.tobytes()
    assert np.array_equal(unasked.actions, asked.actions)
    assert stubborn.num_asked == len(asked.actions) == len(asked.records)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="long without compilation")
def test_a_long_run_is_the_same_asked_or_not() -> None:
    content = {
        "platform_file_path": "gaia",
        "workload_file_path": "gaia_like.swf",
        "env": {"observation": "minimal"},
    }
    env = make(content, recording=True)

    def everything(agent: Agent) -> tuple[bytes, ...]:
        records, simulator = played(env, agent).records, env.simulator
        logs = records, simulator.job_records(), simulator.placements(), simulator.oversubscriptions()
        return tuple(log.tobytes() for log in logs)

    assert everything(ClassicAgent(7)) == everything(Stubborn(7))


def test_a_seed_plays_the_same_again() -> None:
    env = make()
    first, again, other = (played(env, RandomAgent(np.random.default_rng(seed)), seed) for seed in (1, 1, 2))
    assert first.records.tobytes() == again.records.tobytes()
    assert first.actions.tolist() == again.actions.tolist() != other.actions.tolist()


def test_an_agent_that_insists_on_a_masked_action_is_asked_no_more() -> None:
    env, agent = make(options([JOBS[0]])), Stubborn(VOID)
    with pytest.raises(AgentError, match=rf"Stubborn answered {MAX_MASKED_ANSWERS} times .* at 0 s"):
        played(env, agent)
    assert agent.num_asked == MAX_MASKED_ANSWERS == 1000


def test_an_agent_that_knows_no_masks_is_asked_again() -> None:
    class SecondThoughts(Stubborn):
        def decide(self, observation: npt.NDArray[np.float32], action_mask: npt.NDArray[np.int8]) -> int:
            self.num_asked += 1
            return VOID if self.num_asked < 5 else 0

    agent = SecondThoughts(None)
    env = make(options([JOBS[0]]))
    assert played(env, agent).actions.tolist() == [0]
    assert agent.num_asked == 5


@pytest.mark.parametrize("action", [37, -1, 0.0, None])
@pytest.mark.parametrize("kind", [ClassicAgent, Stubborn])
def test_an_answer_outside_the_action_space_is_an_error(kind: type[Any], action: Any) -> None:
    with pytest.raises(AgentError, match="is not an integer from 0 to 36"):
        played(make(), kind(action))


def test_a_watcher_is_told_the_final_number_of_decisions() -> None:
    told: list[int] = []
    decisions = play(make(), ClassicAgent(), 1, lambda env, num_decisions: told.append(num_decisions))
    assert told[-1] == len(decisions.actions)
    assert told == sorted(told)


# Runs


def test_a_run_of_the_small_workload(tmp_path: Path) -> None:
    content = options(agent={"name": "shortest-high_mem_bw"})
    chosen = load_options(content)
    run = run_experiment(chosen, tmp_path / "run")
    assert run.directory == tmp_path / "run"
    written = json.loads((run.directory / "options.json").read_text(encoding="utf-8"))
    assert written == chosen.canonical()
    assert len(run.decisions.actions) == len(played(make(content), ClassicAgent()).actions)


def test_a_run_of_the_random_agent_is_the_same_again(tmp_path: Path) -> None:
    chosen = load_options(options(agent={"name": "random"}))
    runs = [run_experiment(chosen, tmp_path / name) for name in ("a", "b")]
    jobs = [(run.directory / "out_jobs.csv").read_bytes() for run in runs]
    assert jobs[0] == jobs[1]
    assert len(runs[0].decisions.actions) == len(runs[1].decisions.actions)


def test_a_run_names_the_jobs_it_rejected(tmp_path: Path) -> None:
    run = run_experiment(load_options(options([JOBS[0], TOO_MANY_CORES])), tmp_path / "run")
    assert run.scenario.oversized_jobs == ("1",)
    log = (run.directory / "insights.log").read_text(encoding="utf-8")
    assert "jobs rejected, because they are too large for the platform: 1 (1)" in log


def test_a_custom_workload_is_run(tmp_path: Path) -> None:
    chosen = load_options(options(workload_file_path="", env=selection("first-high_gflops")))
    assert run_experiment(chosen, tmp_path / "run", "learning.json").scenario.workload.num_jobs == 2


def test_a_directory_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunDirectoryError):
        run_experiment(load_options(options()), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_batsim_started_by_hand_trains_nobody(tmp_path: Path) -> None:
    training = load_options(options(agent={"name": "reinforce"}))

    def unused(*_: Any) -> Any:
        raise AssertionError("no episode may begin")

    with pytest.raises(OptionsError, match=r"agent\.run: 'train' takes many episodes"):
        run_experiment(training, tmp_path / "run", new_peer=unused)
    assert not (tmp_path / "run").exists()
