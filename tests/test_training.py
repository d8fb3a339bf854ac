"""Training runs: what they learn, keep and write, and that they go on where they were broken off."""

from __future__ import annotations

import csv
import json
import signal
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from hdeeprm.agents import agent_from_options
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import (
    AgentError,
    HDeepRMError,
    OptionsError,
    RunDirectoryError,
    TrainingDiverged,
)
from hdeeprm.experiment import Run, check_same_options, resume_experiment, run_experiment
from hdeeprm.options import Options, load_options
from hdeeprm.playing import play
from hdeeprm.results import RunDirectory, read_status
from hdeeprm.training import Progress, TrainingStopped, learns, progress
from scenarios import JOBS, options, selection, workload_file

torch = pytest.importorskip("torch")

from hdeeprm.agents.checkpoints import load_checkpoint  # noqa: E402  (it imports torch)
from hdeeprm.training.demonstrations import teaching_options, watch_teacher  # noqa: E402
from hdeeprm.training.length import Milestones  # noqa: E402
from hdeeprm.training.packing import packed_tree, unpacked_tree  # noqa: E402
from hdeeprm.training.parts import validation_starts  # noqa: E402
from hdeeprm.training.session import Training  # noqa: E402
from hdeeprm.training.stopping import StopRequest  # noqa: E402

EXAMPLE = Path(__file__).parents[1] / "examples" / "agent.py"
PAIRS = selection(
    "first-high_gflops",
    "shortest-low_power",
    "random-random",
    void=True,
    observation="fit",
    objective="avg_wait",
    reward="integrated",
)
MANY_JOBS = workload_file([(3.0 * k, *job[1:]) for k, job in enumerate(JOBS * 4)])
WINDOWS = {"window": {"start": "random", "length": 6, "split": [0.5, 0.25, 0.25]}}
SETTINGS: dict[str, dict[str, Any]] = {
    "ppo": {"rollout_steps": 8, "epochs": 2, "num_minibatches": 2},
    "actor-critic": {"rollout_steps": 4},
    "reinforce": {"episodes_per_update": 3},
    "dqn": {"learning_starts": 20, "batch_size": 8, "target_interval": 5},
}
WRITTEN = (
    "checkpoints/last.pt",
    "checkpoints/best.pt",
    "losses.csv",
    "episodes.csv",
    "action_preferences.csv",
    "decisions.csv",
    "rewards.csv",
    "out_jobs.csv",
    "metrics.json",
    "options.json",
)
"""What a run leaves but for wall-clock times."""


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def told_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0.0)


def training_options(
    name: str = "ppo", training: Mapping[str, Any] | None = None, **overrides: Any
) -> Options:
    """A learner on the toy platform, with random windows of 6 of 52 jobs."""
    agent = {"name": name, "hidden": 8, "settings": SETTINGS.get(name, {})}
    chosen = {"num_envs": 4, "total_steps": 320, "validations": 5, "validation_windows": 3}
    content = options(
        **{
            "workload_file_path": MANY_JOBS,
            "workload": WINDOWS,
            "env": PAIRS,
            "agent": agent,
            "training": {**chosen, **(training or {})},
            **overrides,
        }
    )
    return load_options(content)


def plugin_options(path: Path = EXAMPLE, **overrides: Any) -> Options:
    """An agent of a file, trained for 12 episodes."""
    return training_options(
        agent={"file": str(path), "hidden": 8},
        training={"total_steps": None, "episodes": 12, "validations": 3},
        **overrides,
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def same_files(one: Path, other: Path) -> None:
    for name in WRITTEN:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def tensors_of(path: Path) -> list[Any]:
    return list(load_checkpoint(path).weights.values())


def message_of(kind: type[HDeepRMError], action: Callable[[], Any]) -> str:
    with pytest.raises(kind) as caught:
        action()
    return str(caught.value)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of PPO that came to its end."""
    return run_experiment(training_options(), tmp_path_factory.mktemp("ppo") / "run")


@pytest.fixture(scope="module")
def trained_plugin(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of an agent's file that came to its end."""
    return run_experiment(plugin_options(), tmp_path_factory.mktemp("plugin") / "run")


# What is written


def test_a_run_leaves_its_histories_and_an_episode(trained: Run) -> None:
    facts, directory = trained.training, trained.directory
    assert facts is not None and facts.notices == ()
    assert read_status(directory)["status"] == "complete"
    assert read_status(directory)["training"]["updates"] == facts.updates == 320 // (4 * 8)
    losses, episodes = rows_of(directory / "losses.csv"), rows_of(directory / "episodes.csv")
    assert [int(row["update"]) for row in losses] == list(range(1, facts.updates + 1))
    assert [int(row["step"]) for row in losses] == [32 * k for k in range(1, facts.updates + 1)]
    assert {"policy_loss", "value_loss", "entropy", "approx_kl"} < set(losses[0])
    assert len(episodes) == facts.episodes
    assert [int(row["episode"]) for row in episodes] == list(range(facts.episodes))
    assert 0.8 * facts.steps < sum(int(row["length"]) for row in episodes) <= facts.steps == 320
    for row in episodes:
        assert float(row["return"]) == pytest.approx(float(row["objective"]))
        assert float(row["objective"]) == pytest.approx(-6 * float(row["avg_wait"]))


def test_preferences_are_those_of_first_decisions(trained: Run) -> None:
    rows = rows_of(trained.directory / "action_preferences.csv")
    names = list(trained.options.action_table().names)
    assert list(rows[0]) == ["episode", "step", *names]
    likely = np.array([[float(row[name]) for name in names] for row in rows])
    assert np.allclose(likely.sum(axis=1), 1) and (likely >= 0).all()
    assert np.allclose(likely[0], likely[0].mean(), atol=0.05)  # it begins without preferences
    steps = [int(row["step"]) for row in rows]
    assert steps[0] == 0 and steps == sorted(set(steps)) and all(step % 4 == 0 for step in steps)
    ends = [int(row["step"]) for row in rows_of(trained.directory / "episodes.csv")]
    assert set(steps[1:]) <= set(ends)  # an episode begins where another has ended
    ended_before = [sum(end <= step for end in ends) for step in steps]
    assert [int(row["episode"]) for row in rows] == ended_before


def test_plugins_learn_after_each_episode(trained_plugin: Run) -> None:
    facts, directory = trained_plugin.training, trained_plugin.directory
    assert facts is not None and (facts.episodes, facts.updates) == (12, 12)
    episodes, losses = rows_of(directory / "episodes.csv"), rows_of(directory / "losses.csv")
    assert [row["step"] for row in losses] == [row["step"] for row in episodes]
    assert sum(int(row["length"]) for row in episodes) == facts.steps
    assert len(rows_of(directory / "action_preferences.csv")) == 12
    assert len({row["return"] for row in episodes}) > 6  # windows are drawn anew for each
    assert list(losses[0]) == ["update", "step", "loss"]


def test_a_plugin_is_trained_as_its_documentation_says(trained_plugin: Run) -> None:
    """The loop written down here comes to the same weights."""
    chosen = trained_plugin.options
    env = WorkloadManagementEnv(chosen, part="train")
    agent: Any = agent_from_options(chosen, env)
    optimizer = torch.optim.Adam(agent.parameters(), lr=chosen.agent.lr)
    for episode in range(12):
        play(env, agent, None if episode else chosen.seed)
        loss = agent.loss()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    saved = tensors_of(trained_plugin.directory / "checkpoints/last.pt")
    assert all(torch.equal(one, other) for one, other in zip(agent.state_dict().values(), saved, strict=True))


def test_the_last_episode_is_greedy_and_on_the_first_test_window(trained: Run) -> None:
    env = WorkloadManagementEnv(trained.options, part="test")
    agent: Any = agent_from_options(trained.options, env)
    agent.load_model_state(load_checkpoint(trained.directory / "checkpoints/best.pt").state)
    decisions = play(env, agent, trained.options.seed, first_job=39)
    assert decisions.records.tobytes() == trained.decisions.records.tobytes()
    ids = [row["job_id"] for row in rows_of(trained.directory / "out_jobs.csv")]
    assert sorted(ids) == [str(job) for job in range(39, 45)]


@pytest.mark.parametrize("which", ["trained", "trained_plugin"])
def test_the_best_model_is_that_of_the_best_validation(which: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(which)
    best = load_checkpoint(run.directory / "checkpoints/best.pt")
    env = WorkloadManagementEnv(run.options, part="validation")
    agent: Any = agent_from_options(run.options, env)
    if which == "trained":
        agent.load_model_state(best.state)
    else:
        agent.load_state_dict(best.weights)
        agent.eval()
    scores = []
    for start in (26, 30, 33):  # of jobs 26 to 38, windows of 6
        play(env, agent, run.options.seed, first_job=start)
        scores.append(env.summary()["objective"] / 6)
    assert run.training is not None
    assert run.training.validation_objective == pytest.approx(np.mean(scores))
    assert best.state["training"]["objective"] == run.training.validation_objective
    assert best.state["training"]["step"] == run.training.best_step


def test_windows_to_validate_on() -> None:
    assert validation_starts(training_options(), 52).tolist() == [26, 30, 33]
    fixed = {"window": {"start": 3, "length": 6}}
    assert validation_starts(training_options(workload=fixed), 52).tolist() == [3]
    assert validation_starts(training_options(workload={}), 52).tolist() == [0]
    none = {"window": {"start": "random", "length": 6, "split": [0.5, 0, 0.5]}}
    assert validation_starts(training_options(workload=none), 52).tolist() == []
    assert validation_starts(training_options(training={"validations": 0}), 52).tolist() == []


def test_without_validation_the_last_model_counts(tmp_path: Path) -> None:
    agent = {"name": "ppo", "hidden": 8, "settings": SETTINGS["ppo"], "output_model": str(tmp_path / "m.pt")}
    run = run_experiment(training_options(training={"validations": 0}, agent=agent), tmp_path / "run")
    assert not (run.directory / "checkpoints/best.pt").exists()
    last, written = tensors_of(run.directory / "checkpoints/last.pt"), tensors_of(tmp_path / "m.pt")
    assert all(torch.equal(one, other) for one, other in zip(last, written, strict=True))


def test_the_output_model_is_the_best_one(tmp_path: Path) -> None:
    agent = {"name": "ppo", "hidden": 8, "settings": SETTINGS["ppo"], "output_model": str(tmp_path / "m.pt")}
    run = run_experiment(training_options(agent=agent), tmp_path / "run")
    assert (tmp_path / "m.pt").read_bytes() == (run.directory / "checkpoints/best.pt").read_bytes()


def test_an_output_model_that_could_not_be_written_is_refused_at_once(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere" / "m.pt"):
        agent = {"name": "ppo", "output_model": str(place)}
        message = message_of(
            AgentError, lambda agent=agent: run_experiment(training_options(agent=agent), tmp_path / "run")
        )
        assert "-om" in message and "existing folder" in message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["m\0.pt", "m" * 300])
def test_an_output_model_whose_name_cannot_be_a_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    agent = {"name": "ppo", "output_model": str(tmp_path / name)}
    message = message_of(AgentError, lambda: run_experiment(training_options(agent=agent), tmp_path / "run"))
    assert message.startswith("agent.output_model (-om): ") and "cannot be written" in message
    assert message.isprintable() and not (tmp_path / "run").exists()


def test_training_too_short_to_learn_says_so(tmp_path: Path) -> None:
    short = training_options("reinforce", training={"total_steps": None, "episodes": 2})
    run = run_experiment(short, tmp_path / "run")
    assert run.training is not None and run.training.updates == 0
    assert "too short" in run.notices[-1]
    assert (run.directory / "losses.csv").read_text() == "update,step\n"


@pytest.mark.parametrize(
    ("name", "training"), [("ppo", {"episodes": 2}), ("actor-critic", {"episodes": None, "total_steps": 5})]
)
def test_training_of_one_rollout_says_so(tmp_path: Path, name: str, training: dict[str, Any]) -> None:
    agent = {"name": name, "settings": SETTINGS[name] | {"rollout_steps": 64}}
    short = training_options(name, agent=agent, training={"total_steps": None, "num_envs": 2} | training)
    run = run_experiment(short, tmp_path / "run")
    assert run.training is not None and run.training.updates == 1 and run.training.steps == 128
    assert f"128 steps at a time ({run.training.episodes} episodes here)" in run.notices[-1]
    asked = "2 episodes" if training["episodes"] else "5 steps"
    assert f"{asked} were asked for" in run.notices[-1] and "rollout_steps" in run.notices[-1]


def test_training_of_more_rollouts_says_nothing(tmp_path: Path) -> None:
    run = run_experiment(training_options("ppo", training={"total_steps": 60}), tmp_path / "run")
    assert run.training is not None and run.training.updates > 1
    assert not any("only once" in notice for notice in run.notices)


def test_few_episodes_take_few_environments(tmp_path: Path) -> None:
    short = training_options("reinforce", training={"total_steps": None, "episodes": 3})
    run = run_experiment(short, tmp_path / "run")
    assert run.training is not None and run.training.episodes == 3
    steps = [int(row["step"]) for row in rows_of(run.directory / "episodes.csv")]
    assert all(step % 3 == 0 for step in steps)


# Going on


def interrupted(chosen: Options, directory: Path, after: int, times: int = 1) -> None:
    """Run until a number of reports of progress, then send real signals."""
    told = 0

    def watch(progress: Progress) -> None:
        nonlocal told
        told += progress.stage == "training"
        if told == after and progress.stage == "training":
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    run_experiment(chosen, directory, training_watch=watch)


@pytest.mark.parametrize("after", [1, 4, 9])
def test_ppo_goes_on_to_the_same_bytes(trained: Run, tmp_path: Path, after: int) -> None:
    with pytest.raises(TrainingStopped, match=r"of 320 steps; go on with it: hdeeprm-launch --resume"):
        interrupted(trained.options, tmp_path / "run", after)
    assert read_status(tmp_path / "run")["status"] == "incomplete"
    assert 0 < len(rows_of(tmp_path / "run" / "losses.csv")) < 10
    resume_experiment(tmp_path / "run")
    assert read_status(tmp_path / "run")["status"] == "complete"
    same_files(trained.directory, tmp_path / "run")


@pytest.mark.parametrize("after", [1, 6, 11])
def test_a_plugin_goes_on_to_the_same_bytes(trained_plugin: Run, tmp_path: Path, after: int) -> None:
    with pytest.raises(TrainingStopped, match=f"after {after} of 12 episodes|after {after + 1} of 12"):
        interrupted(trained_plugin.options, tmp_path / "run", after)
    resume_experiment(tmp_path / "run")
    same_files(trained_plugin.directory, tmp_path / "run")


@pytest.mark.parametrize("name", ["reinforce", "actor-critic", "dqn"])
def test_others_go_on_to_the_same_bytes(tmp_path: Path, name: str) -> None:
    chosen = training_options(name, training={"normalize_observations": True})
    run_experiment(chosen, tmp_path / "whole")
    with pytest.raises(TrainingStopped):
        interrupted(chosen, tmp_path / "run", 5)
    with pytest.raises(TrainingStopped):

        def watch(progress: Progress) -> None:
            if progress.stage == "training" and progress.done > 200:
                signal.raise_signal(signal.SIGTERM)

        resume_experiment(tmp_path / "run", training_watch=watch)
    resume_experiment(tmp_path / "run")
    same_files(tmp_path / "whole", tmp_path / "run")
    assert len(read_status(tmp_path / "run")["resumed"]) == 2


def test_a_second_signal_stops_at_once(trained: Run, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        interrupted(trained.options, tmp_path / "run", 3, times=2)
    assert caught.type is KeyboardInterrupt
    assert read_status(tmp_path / "run")["status"] == "incomplete"
    assert load_checkpoint(tmp_path / "run/checkpoints/last.pt").state["logbook"]["steps"] in (64, 96)
    resume_experiment(tmp_path / "run")
    same_files(trained.directory, tmp_path / "run")


def test_an_interrupt_after_training_loses_nothing(trained: Run, tmp_path: Path) -> None:
    def watch(env: WorkloadManagementEnv, num_decisions: int) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_experiment(trained.options, tmp_path / "run", watch=watch)
    told: list[Progress] = []
    resume_experiment(tmp_path / "run", training_watch=told.append)
    same_files(trained.directory, tmp_path / "run")
    assert told == []  # there was nothing left to train


def test_the_user_is_told_at_once_that_training_will_stop(tmp_path: Path) -> None:
    told: list[str] = []

    def watch(progress: Progress) -> None:
        told.append(progress.stage)
        if told.count("training") == 2 and progress.stage == "training":
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(TrainingStopped):
        run_experiment(training_options(), tmp_path / "run", training_watch=watch)
    assert told.count("stopping") == 1 and told.index("stopping") > 2


def test_signals_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopRequest() as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_made and signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_run_interrupted_before_its_first_checkpoint_begins_anew(trained: Run, tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    directory.write("options.json", (trained.directory / "options.json").read_bytes())
    directory.finish("incomplete")
    run = resume_experiment(tmp_path / "run")
    assert "began anew" in run.notices[-1]
    same_files(trained.directory, tmp_path / "run")


def test_the_log_of_both_sessions_is_kept(tmp_path: Path) -> None:
    chosen = training_options(log_level="INFO")
    with pytest.raises(TrainingStopped):
        interrupted(chosen, tmp_path / "run", 4)
    first = (tmp_path / "run/insights.log").read_text()
    resume_experiment(tmp_path / "run")
    both = (tmp_path / "run/insights.log").read_text()
    assert "in validation" in first and both.startswith(first) and both.count("in validation") == 5


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """The directory of a run that was interrupted."""
    with pytest.raises(TrainingStopped):
        interrupted(training_options(), tmp_path / "run", 2)
    return tmp_path / "run"


def test_what_cannot_go_on(trained: Run, tmp_path: Path) -> None:
    assert "is complete" in message_of(RunDirectoryError, lambda: resume_experiment(trained.directory))
    assert "holds no run" in message_of(RunDirectoryError, lambda: resume_experiment(tmp_path))
    RunDirectory.create(tmp_path / "active")
    assert "still going on" in message_of(RunDirectoryError, lambda: resume_experiment(tmp_path / "active"))
    classic = RunDirectory.create(tmp_path / "classic")
    classic.write("options.json", json.dumps(load_options(options()).canonical()))
    classic.finish("incomplete")
    assert "no agent is trained" in message_of(
        RunDirectoryError, lambda: resume_experiment(tmp_path / "classic")
    )


def test_a_run_of_another_version_cannot_go_on(stopped: Path) -> None:
    state = json.loads((stopped / "run.json").read_text())
    (stopped / "run.json").write_text(json.dumps(state | {"format_version": 2}))
    assert "another version" in message_of(RunDirectoryError, lambda: resume_experiment(stopped))


def test_a_checkpoint_of_another_version_cannot_go_on(stopped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hdeeprm.training import keeping

    monkeypatch.setattr(keeping, "__version__", "99.0")
    message = message_of(AgentError, lambda: resume_experiment(stopped))
    assert "last.pt" in message and "99.0" in message and "-im" in message
    assert read_status(stopped)["status"] == "incomplete"  # nothing was begun


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_checkpoint_cannot_go_on(stopped: Path, damage: str) -> None:
    last = stopped / "checkpoints/last.pt"
    data = bytearray(last.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 255
    elif damage == "other":
        data = bytearray((stopped / "checkpoints/best.pt").read_bytes())
    else:
        data = data[: len(data) // 2 if damage == "cut" else 0]
    last.write_bytes(data)
    message = message_of(AgentError, lambda: resume_experiment(stopped))
    assert str(last) in message and "\n" not in message
    assert read_status(stopped)["status"] == "incomplete"


EDITED: list[tuple[str, Any, str]] = [
    ("progress", None, "'progress' cannot be used"),
    ("progress best", 3, "'best' cannot be used"),
    ("progress best", {"step": 1}, "'best' cannot be used: KeyError: 'episode'"),
    (
        "progress validations",
        torch.tensor(2),
        "'validations' cannot be used: a tensor of int64 of",
    ),
    ("progress saves", -1, "'saves' cannot be used: -1 is no whole number"),
    ("progress objective", "good", "'objective' cannot be used: a str is no number"),
    ("logbook steps", torch.tensor(64), "'steps' cannot be used"),
    ("logbook losses names", ["update"], "'logbook' cannot be used"),
    ("logbook episode_rows names", ["a", "b"], "'episode_rows' cannot be used: it has the columns a, b"),
    ("num_updates", float("inf"), "'num_updates' cannot be used: inf is no whole number"),
    ("random_state", torch.zeros(3), "'random_state' cannot be used"),
    ("running_returns", torch.zeros(4), "'running_returns' cannot be used: a tensor of float32"),
    ("normalization rewards mean", torch.zeros(2).double(), "'normalization' cannot be used"),
    ("optimizer_state_dict state", [], "'optimizer_state_dict' cannot be used"),
    ("optimizer_state_dict param_groups", [], "'optimizer_state_dict' cannot be used"),
    ("environments seeded", {}, "'environments' cannot be used: KeyError: 'type'"),
    ("shown", [1, 2, 3, 4], "'shown' cannot be used"),
]


@pytest.mark.parametrize(("place", "value", "message"), EDITED, ids=lambda item: str(item)[:30])
def test_an_edited_checkpoint_names_the_entry(
    trained: Run, tmp_path: Path, place: str, value: Any, message: str
) -> None:
    chosen, source = trained.options, trained.directory / "checkpoints/last.pt"
    content = torch.load(source, weights_only=True)
    *above, key = place.split()
    part = content
    for name in above:
        part = part[name]
    part[key] = value
    (tmp_path / "checkpoints").mkdir()
    torch.save(content, tmp_path / "checkpoints/last.pt")
    training = Training(chosen, WorkloadManagementEnv(chosen))
    found = message_of(AgentError, lambda: training.resume(tmp_path))
    assert found.startswith(f"{tmp_path / 'checkpoints/last.pt'}: cannot be gone on with: its ")
    assert message in found and "\n" not in found


def test_a_best_checkpoint_that_was_edited_is_said_at_the_end(stopped: Path) -> None:
    best = stopped / "checkpoints/best.pt"
    content = torch.load(best, weights_only=True)
    del content["normalization"]
    torch.save(content, best)
    last = stopped / "checkpoints/last.pt"  # whose best model no later one is to replace
    state = torch.load(last, weights_only=True)
    state["progress"]["best"]["objective"] = 1e9
    torch.save(state, last)
    found = message_of(AgentError, lambda: resume_experiment(stopped))
    assert found.startswith(f"{best}: is damaged: KeyError: 'normalization'; ")
    assert read_status(stopped)["status"] == "failed"


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("dqn", "replay next", 10**6),
        ("dqn", "replay steps rewards", torch.zeros(3)),
        ("dqn", "num_steps", "many"),
        ("dqn", "target_state_dict", {}),
        ("reinforce", "experience actions", torch.zeros(2, 2)),
        ("reinforce", "begun", torch.zeros(9)),
        ("reinforce", "num_ended", None),
        ("plugin", "stream", {}),
        ("plugin", "stream random_1", 2**70),
        ("plugin", "draws numpy", [1]),
        ("plugin", "optimizer_state_dict param_groups", [{"params": [0]}]),
    ],
)
def test_what_each_kind_saves_is_checked(tmp_path: Path, name: str, place: str, value: Any) -> None:
    chosen = plugin_options() if name == "plugin" else training_options(name)
    with pytest.raises(TrainingStopped):
        interrupted(chosen, tmp_path / "run", 2)
    last = tmp_path / "run/checkpoints/last.pt"
    content = torch.load(last, weights_only=True)
    *above, key = place.split()
    part = content
    for step in above:
        part = part[step]
    part[key] = value
    torch.save(content, last)
    found = message_of(AgentError, lambda: resume_experiment(tmp_path / "run"))
    entry = (*above, key)[0]
    assert found.startswith(f"{last}: cannot be gone on with: its {entry!r} cannot be used: ")
    assert "\n" not in found and read_status(tmp_path / "run")["status"] == "incomplete"


def test_a_changed_workload_cannot_go_on(tmp_path: Path) -> None:
    path = Path(workload_file([*JOBS, *((200 + job[0], *job[1:]) for job in JOBS)]))
    chosen = training_options(workload_file_path=str(path), workload={})
    with pytest.raises(TrainingStopped):
        interrupted(chosen, tmp_path / "run", 2)
    content = path.read_text()
    path.write_text(content.replace('"subtime": 311', '"subtime": 312'))
    assert "has changed" in message_of(AgentError, lambda: resume_experiment(tmp_path / "run"))


def test_other_options_are_refused(trained: Run) -> None:
    check_same_options(trained.options, trained.directory)
    other = load_options(trained.options.canonical(), {"agent.lr": 0.5})
    message = message_of(OptionsError, lambda: check_same_options(other, trained.directory))
    assert "another agent.lr" in message


# What goes wrong

FILE_HEAD = """
import torch
from torch import nn
from hdeeprm.agent import PolicyLearningAgent

class Learner(PolicyLearningAgent):
    def __init__(self, gamma, hidden, action_size, observation_size):
        super().__init__(gamma)
        self.layer = nn.Linear(observation_size, action_size)
        self.root = nn.Parameter(torch.ones(1))
        self.num_losses = 0

    def forward_policy(self, observation):
        return torch.softmax(self.layer(observation), dim=1)

"""


def plugin(folder: Path, text: str) -> Path:
    path = folder / "agent.py"
    path.write_text(FILE_HEAD + textwrap.indent(textwrap.dedent(text), "    "), encoding="utf-8")
    return path


def failed(path: Path, directory: Path, kind: type[AgentError] = AgentError) -> str:
    """Message of a run that fails; run.json holds it too."""
    message = message_of(kind, lambda: run_experiment(plugin_options(path), directory))
    state = read_status(directory)
    assert (state["status"], state["reason"]) == ("failed", message)
    return message


def test_a_loss_that_is_nan_stops_training(tmp_path: Path) -> None:
    path = plugin(
        tmp_path,
        """
        def loss(self):
            self.num_losses += 1
            return super().loss() * (float("nan") if self.num_losses > 8 else 1.0)
        """,
    )
    assert "the loss is nan in episode 8" in failed(path, tmp_path / "run", TrainingDiverged)
    last = load_checkpoint(tmp_path / "run/checkpoints/last.pt")
    assert last.state["logbook"]["episodes"] == 8
    assert len(rows_of(tmp_path / "run/losses.csv")) == 8
    assert not (tmp_path / "run/metrics.json").exists()


def test_weights_that_are_nan_stop_training(tmp_path: Path) -> None:
    path = plugin(
        tmp_path,
        """
        def loss(self):
            self.num_losses += 1
            return super().loss() + (self.num_losses > 3) * (self.root - self.root.detach()).sqrt().sum()
        """,
    )
    assert "a weight is nan in episode 0" in failed(path, tmp_path / "run", TrainingDiverged)
    assert all(torch.isfinite(weight).all() for weight in tensors_of(tmp_path / "run/checkpoints/last.pt"))


def test_an_observation_that_is_nan_stops_a_learner(tmp_path: Path) -> None:
    from hdeeprm.env import observations

    def write(simulator: Any, out: Any) -> None:
        out[0] = np.nan if simulator.now > 30 else 0.5

    observations.register_observation("broken", lambda platform, num_jobs: 1, write)
    try:
        chosen = training_options(env=PAIRS | {"observation": "broken"})
        message = message_of(TrainingDiverged, lambda: run_experiment(chosen, tmp_path / "run"))
    finally:
        del observations.KINDS["broken"]
    assert "the loss is nan at update 2" in message
    assert read_status(tmp_path / "run")["reason"] == message
    assert load_checkpoint(tmp_path / "run/checkpoints/last.pt").state["logbook"]["steps"] == 32


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("def loss(self):\n    raise KeyError('mine')", ["agent.py:17", "failed to learn", "mine"]),
        (
            "def loss(self):\n    return 5.0",
            ["agent.py:16", "Learner.loss() returned what cannot be lowered"],
        ),
        ("def observe(self, environment):\n    return 1 / 0", ["agent.py:17", "ZeroDivisionError"]),
        ("def loss(self):\n    raise SystemExit(3)", ["agent.py:17", "failed to learn", "SystemExit: 3"]),
        (
            "def decide(self, *args):\n    raise SystemExit(3)",
            ["agent.py:17", "failed at 0", "SystemExit: 3"],
        ),
        ("def eval(self):\n    return 1 / 0", ["agent.py:17", "failed to stop exploring", "ZeroDivision"]),
        (
            "def state_dict(self, *args, **arguments):\n    return 1 / 0",
            ["agent.py:17", "failed to give its weights", "ZeroDivision"],
        ),
        (
            "def preferences(self, observation, mask):\n    return 1 / 0",
            ["agent.py:17", "failed at 0 s", "ZeroDivision"],
        ),
    ],
)
def test_an_agent_that_raises_leaves_a_failed_run(tmp_path: Path, text: str, parts: list[str]) -> None:
    message = failed(plugin(tmp_path, text), tmp_path / "run")
    for part in parts:
        assert part in message, part
    assert (tmp_path / "run/episodes.csv").exists()


def test_an_agent_that_cannot_give_its_weights_is_refused_at_once(tmp_path: Path) -> None:
    path = plugin(tmp_path, "def parameters(self, recurse=True):\n    return 1 / 0")
    message = message_of(AgentError, lambda: run_experiment(plugin_options(path), tmp_path / "run"))
    assert message.startswith(f"{path}:17: Learner failed to give its weights: ZeroDivisionError")
    assert not (tmp_path / "run").exists()


def test_an_agent_without_weights_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "agent.py"
    path.write_text(
        "from hdeeprm.agent import PolicyLearningAgent as Base\nclass Empty(Base):\n"
        "    def __init__(self, gamma, hidden, actions, size):\n        super().__init__(gamma)\n"
    )
    message = message_of(AgentError, lambda: run_experiment(plugin_options(path), tmp_path / "run"))
    assert "agent.py:3: Empty has no weights" in message
    assert not (tmp_path / "run").exists()


def test_a_failed_run_goes_on_once_its_cause_is_gone(trained_plugin: Run, tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    path = tmp_path / "agent.py"
    switch = tmp_path / "switch"
    path.write_text(
        text
        + "\n    def rewarded(self, environment):\n        super().rewarded(environment)\n"
        + f"        import os\n        if os.path.exists({str(switch)!r}):\n            raise OSError('no')\n"
    )

    def watch(progress: Progress) -> None:
        if progress.done == 5:
            switch.touch()

    with pytest.raises(AgentError, match="OSError: no"):
        run_experiment(plugin_options(path), tmp_path / "run", training_watch=watch)
    switch.unlink()
    resume_experiment(tmp_path / "run")
    for name in set(WRITTEN) - {"options.json"}:
        assert (trained_plugin.directory / name).read_bytes() == (tmp_path / "run" / name).read_bytes(), name


# Tests of trained agents


@pytest.mark.parametrize("which", ["trained", "trained_plugin"])
def test_a_test_run_never_trains(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    run: Run = request.getfixturevalue(which)
    model = run.directory / "checkpoints/best.pt"
    before = model.read_bytes()
    chosen = load_options(run.options.canonical(), {"agent.run": "test", "agent.input_model": str(model)})
    env = WorkloadManagementEnv(chosen, part="test")
    agent: Any = agent_from_options(chosen, env)
    module = agent.network if which == "trained" else agent
    weights = [weight.clone() for weight in module.state_dict().values()]
    play(env, agent, 1)
    assert all(torch.equal(*pair) for pair in zip(weights, module.state_dict().values(), strict=True))
    runs = [run_experiment(chosen, tmp_path / name) for name in "ab"]
    assert runs[0].training is None and runs[0].notices == ()
    for name in ("decisions.csv", "out_jobs.csv", "metrics.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert not (tmp_path / "a" / "checkpoints").exists() and model.read_bytes() == before
    ids = {int(row["job_id"]) for row in rows_of(tmp_path / "a" / "out_jobs.csv")}
    assert ids <= set(range(39, 52))


def test_a_learner_is_not_tested_untrained(tmp_path: Path) -> None:
    chosen = load_options(training_options().canonical(), {"agent.run": "test"})
    assert "-im" in message_of(AgentError, lambda: run_experiment(chosen, tmp_path / "run"))
    plug = load_options(plugin_options().canonical(), {"agent.run": "test"})
    assert "untrained" in run_experiment(plug, tmp_path / "plug").notices[-1]


def test_what_learns(tmp_path: Path) -> None:
    assert learns(training_options()) and learns(plugin_options())
    assert not learns(load_options(options(agent={"name": "random"})))
    path = tmp_path / "agent.py"
    path.write_text("from hdeeprm.agent import ClassicAgent\nclass Mine(ClassicAgent): pass\n")
    chosen = plugin_options(path)
    assert not learns(chosen)
    assert run_experiment(chosen, tmp_path / "run").training is None


# Learning from a teacher


def pretrained(teacher: str, episodes: int = 6, **training: Any) -> Options:
    pretrain = {"teacher": teacher, "episodes": episodes, "epochs": 400}
    return training_options(training={"pretrain": pretrain, "total_steps": 4, **training})


def watched(chosen: Options, num_processes: int) -> list[Any]:
    return watch_teacher(chosen, None, lambda progress: None, StopRequest(), num_processes)


def test_a_pretrained_learner_decides_as_its_teacher(tmp_path: Path) -> None:
    told: list[Progress] = []
    rule = "shortest-low_power"
    run = run_experiment(pretrained(rule), tmp_path / "run", training_watch=told.append)
    assert run.training is not None and run.training.best_step == 0  # validated before training
    first = rows_of(tmp_path / "run/action_preferences.csv")[0]
    assert float(first[rule]) > 0.9
    stages = [progress.stage for progress in told]
    assert stages.count(f"watching {rule}") == 6
    assert any(stage.startswith("cloning") for stage in stages)


SLOW_UNCOMPILED = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="long without compilation")


@pytest.mark.parametrize("teacher", ["random", pytest.param("rollout", marks=SLOW_UNCOMPILED)])
def test_demonstrations_are_the_same_over_any_number_of_processes(teacher: str) -> None:
    chosen = pretrained(teacher, episodes=3)
    alone, together = watched(chosen, 1), watched(chosen, 2)
    for one, other in zip(alone, together, strict=True):
        for name in ("observations", "action_masks", "acceptable"):
            assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    assert len({part.observations.tobytes() for part in alone}) == 3
    each = np.concatenate([part.acceptable for part in alone])
    allowed = np.concatenate([part.action_masks for part in alone])
    assert (each.sum(axis=1) >= 1).all() and not (each & (1 - allowed)).any()


def test_processes_end_when_the_user_stops() -> None:
    import multiprocessing

    def stop_after_two(progress: Progress) -> None:
        if progress.done == 2:
            signal.raise_signal(signal.SIGINT)

    with StopRequest() as stop, pytest.raises(KeyboardInterrupt):
        watch_teacher(pretrained("random", episodes=500), None, stop_after_two, stop, 2)
    assert multiprocessing.active_children() == []


def test_pretraining_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    chosen = pretrained("first-high_gflops", episodes=2, total_steps=160)
    run_experiment(chosen, tmp_path / "whole")
    for place, stage in (("early", "watching first-high_gflops"), ("late", "training")):

        def watch(progress: Progress, stage: str = stage) -> None:
            if progress.stage == stage:
                signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            run_experiment(chosen, tmp_path / place, training_watch=watch)
        resume_experiment(tmp_path / place)
        same_files(tmp_path / "whole", tmp_path / place)


def test_what_cannot_be_pretrained(tmp_path: Path) -> None:
    pretrain = {"teacher": "random", "episodes": 1}
    for chosen in (
        training_options("dqn", training={"pretrain": pretrain}),
        training_options(agent={"file": str(EXAMPLE)}, training={"pretrain": pretrain, "total_steps": 4}),
    ):
        message = message_of(AgentError, lambda chosen=chosen: run_experiment(chosen, tmp_path / "run"))
        assert "training.pretrain" in message and "'ppo'" in message
    message = message_of(AgentError, lambda: teaching_options(pretrained("ppo")))
    assert "'ppo' would have to be trained itself" in message
    assert not (tmp_path / "run").exists()


# Parts


def test_milestones_are_evenly_spaced_and_end_at_the_end() -> None:
    milestones = Milestones(4)
    assert [done for done in range(1, 103) if milestones.due(done, 100)] == [25, 50, 75, 100]
    assert [done for done in range(1, 4) if Milestones(20).due(done, 3)] == [1, 2, 3]
    assert not any(Milestones(0).due(done, 10) for done in range(11))
    late = Milestones(10)
    late.passed = 7
    assert [done for done in range(71, 101) if late.due(done, 100)] == [80, 90, 100]


def test_arrays_of_any_type_are_packed_and_unpacked() -> None:
    record = np.zeros((2, 1), [("a", "i8"), ("b", "f8")])
    record["b"] = np.nan
    tree = {"record": record, "rest": [np.arange(3, dtype=np.int8), np.zeros((0, 2)), 5, None, "text"]}
    content = packed_tree(tree)
    back = unpacked_tree(content, tree)
    assert back["record"].tobytes() == record.tobytes() and back["record"].dtype == record.dtype
    assert back["rest"][0].tolist() == [0, 1, 2] and back["rest"][1].shape == (0, 2)
    assert back["rest"][2:] == [5, None, "text"]
    with pytest.raises(AgentError, match="are wanted"):
        unpacked_tree(content, {"record": np.zeros((2, 1)), "rest": tree["rest"]})
    with pytest.raises(AgentError, match="are wanted"):
        unpacked_tree(content, {"record": record})


# TensorBoard


def test_events_have_the_names_that_users_expect(trained: Run) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(trained.directory / "tensorboard"))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert {
        f"charts/{name}" for name in ("episodic_return", "episodic_length", "SPS", "learning_rate")
    } < tags
    assert {f"losses/{name}" for name in ("policy_loss", "value_loss", "entropy", "approx_kl")} < tags
    assert {
        f"schedule/{name}"
        for name in ("avg_wait", "avg_bounded_slowdown", "utilization", "makespan", "energy_joules")
    } < tags
    objectives = [event.value for event in events.Scalars("validation/objective")]
    assert trained.training is not None
    assert max(objectives) == pytest.approx(trained.training.validation_objective)
    assert len(objectives) == 5


def test_training_goes_without_tensorboard(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    run = run_experiment(trained.options, tmp_path / "run")
    assert len(run.notices) == 1 and "tensorboard is not installed" in run.notices[0]
    assert not (tmp_path / "run/tensorboard").exists()
    same_files(trained.directory, tmp_path / "run")
