"""Rules of the queue in environments, side by side, in snapshots, in imagined futures, on Batsim's clock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdeeprm.cli import main
from hdeeprm.env import WorkloadManagementEnv, WorkloadManagementVectorEnv
from hdeeprm.errors import OptionsError
from hdeeprm.options import load_options, options_schema
from hdeeprm.selections import ActionTable, SelectionPair
from hdeeprm.simulator import EmbeddedSimulator, QueueRules
from scenarios import JOBS, make, options
from strategies import make_workload, small_platform
from test_futures import exact_requests, outlook

PAIRS = ["first-high_gflops", "F1-high_cores", "score:wait * wait / cores-low_power", "wfp3-published-random"]
RULES: list[dict[str, Any]] = [
    {"discipline": "commit"},
    {"backfilling": "easy"},
    {"backfilling": "easy", "discipline": "commit", "candidates": "submission"},
    {"backfilling": "easy-strict", "times": "true"},
    {"backfilling": "rlscheduler", "discipline": "commit"},
    {"backfilling": "conservative"},
]
# Names of the rules, for messages of the tests.
IDS = ["-".join(map(str, rules.values())) for rules in RULES]


def of(rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Options with these rules and pairs of scores."""
    return options(queue=rules, env={"actions": {"selection": PAIRS}, "observation": "fit"}, **more)


def walk(env: WorkloadManagementEnv, seed: int, limit: int = 10_000) -> list[Any]:
    """Random actions to the end; all that is seen."""
    rng, seen, over = np.random.default_rng(seed), [], False
    while not over and limit > 0:
        allowed = np.flatnonzero(env.action_masks())
        observation, reward, over, _, info = env.step(int(rng.choice(allowed)))
        seen.append((observation.tobytes(), reward, info["now"], info["action_mask"].tolist()))
        limit -= 1
    return [*seen, env.simulator.job_records().tolist(), env.simulator.num_late, env.simulator.num_backfilled]


@pytest.mark.parametrize("rules", RULES, ids=IDS)
def test_what_follows_a_snapshot_is_what_followed(rules: dict[str, Any]) -> None:
    env, other = make(of(rules)), make(of(rules))
    for seed in range(8):
        env.reset(seed=seed)
        walk(env, seed, limit=2 + seed)
        snapshot = env.snapshot()
        expected = walk(env, seed)
        for place in (env, other):
            place.restore(snapshot)
            assert walk(place, seed) == expected


@pytest.mark.parametrize("rules", RULES, ids=IDS)
def test_rows_side_by_side_do_what_one_does(rules: dict[str, Any]) -> None:
    rows = WorkloadManagementVectorEnv(of(rules), num_envs=3)
    singles = [make(of(rules)) for _ in range(3)]
    shown, _ = rows.reset(seed=[4, 5, 6])
    for row, env in enumerate(singles):
        np.testing.assert_array_equal(env.reset(seed=4 + row)[0], shown[row])
    rng, over = np.random.default_rng(0), np.zeros(3, bool)
    while not over.all():
        masks = rows.action_masks()
        actions = [int(rng.choice(np.flatnonzero(mask))) if mask.any() else 0 for mask in masks]
        snapshot = rows.snapshot()
        shown, rewards, ended, _, _ = rows.step(np.array(actions))
        rows.restore(snapshot)
        shown, rewards, ended, _, _ = rows.step(np.array(actions))
        for row, env in enumerate(singles):
            if not over[row]:
                observation, reward, *_ = env.step(actions[row])
                np.testing.assert_array_equal(observation, shown[row])
                assert reward == rewards[row]
        over |= ended


def test_single_jobs_block_where_they_are_committed_to() -> None:
    """All waiting jobs may be picked, whether or not they fit; time goes on until the picked one starts."""
    content = options(queue={"discipline": "commit"}, env={"actions": {"type": "jobs", "num_jobs": 3}})
    env = make(content)
    _, info = env.reset(seed=0)
    assert info["action_mask"].tolist() == [1, 1, 1, 1]
    env.step(1)  # job 1 takes 2 of 4 cores at 0 s
    assert env.simulator.now == 0
    _, _, _, _, info = env.step(1)  # job 2 asks for 3
    records = env.simulator.job_records()
    assert records["start_time"][2] == info["now"] > 0
    assert records["status"][0] == 1  # job 0, which would have fitted beside, still waits


@pytest.mark.parametrize("rules", [rule for rule in RULES if rule.get("backfilling") != "rlscheduler"])
def test_the_clock_of_batsim_serves_the_queue_alike(rules: dict[str, Any]) -> None:
    """Jobs start when they do with the exact clock, but for the microseconds by which that one rounds."""
    content = of(rules) | {"agent": {"name": "F1-high_cores"}}
    content["env"] = {"actions": {"selection": ["F1-high_cores"], "void": False}}
    starts = []
    for clock in ("exact", "batsim"):
        env = make(content | {"simulator": {"clock": clock}})
        env.reset(seed=0)
        over = False
        while not over:
            _, _, over, _, _ = env.step(0)
        starts.append(env.simulator.job_records()["start_time"])
        env.close()
    np.testing.assert_allclose(starts[0], starts[1], atol=1e-3)


@pytest.mark.parametrize("rules", RULES, ids=IDS)
def test_futures_serve_the_queue_alike(rules: dict[str, Any]) -> None:
    """Where nothing is uncertain, an action comes to what simulating it comes to."""
    rng = np.random.default_rng(1)
    jobs = [
        {"run_time": float(rng.integers(1, 30)), "requested_cores": int(rng.integers(1, 5))}
        for _ in range(14)
    ]
    workload = exact_requests(make_workload(jobs))
    table = ActionTable.from_selection(
        ["first-high_gflops", "F1-high_gflops", "wfp3-high_gflops"], void=False
    )
    queue = QueueRules(scores=table.scores, **rules)
    simulator = EmbeddedSimulator(small_platform((1.0, [4, 2])), workload, queue=queue)
    simulator.reset()
    codes = [tuple(code) for code in table.as_array().tolist()]
    for _ in range(4):
        simulator.run(codes[0])
        found, snapshot = outlook(simulator, codes, codes[2]), simulator.snapshot()
        for code, score in zip(codes, found.scores, strict=True):
            simulator.run(code)
            while not simulator.over:
                simulator.run(codes[2])
            if len(set(found.groups)) > 1:
                assert simulator.summary()["objective"] == pytest.approx(score)
            simulator.restore(snapshot)


# Options and the command line ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"queue": {"backfiling": "easy"}},
            "queue.backfiling: unknown key; one of .* Did you mean 'backfilling'",
        ),
        ({"queue": {"backfilling": "eazy"}}, "queue.backfilling: .*'eazy'.* Did you mean 'easy'"),
        ({"queue": {"times": "true"}}, "queue.times: is not for backfilling 'none'; leave it out"),
        (
            {"queue": {"backfilling": "rlscheduler", "candidates": "selection"}},
            "queue.candidates: is not for backfilling 'rlscheduler'",
        ),
        (
            {"queue": {"backfilling": "conservative", "discipline": "commit"}},
            "queue.discipline: 'commit' is not for backfilling 'conservative'",
        ),
        (
            {"queue": {"backfilling": "easy"}, "env": {"actions": {"type": "jobs"}}},
            "queue.backfilling: 'easy' with actions of type 'jobs' needs a job that blocks",
        ),
        (
            {"queue": {"backfilling": "conservative"}, "env": {"actions": {"type": "jobs"}}},
            "queue.backfilling: 'conservative' is not for actions of type 'jobs'",
        ),
        ({"agent": {"name": "score:cors-first"}}, "agent.name: .*'cors' is not known; .*'cores'"),
        ({"agent": {"name": "F5-high_gflops"}}, "agent.name: 'F5-high_gflops' is no agent"),
        (
            {"env": {"actions": {"selection": ["score:1 +-random"]}}},
            r"env.actions.selection\[0\]: .*a number, a name or '\(' is wanted",
        ),
        (
            {"env": {"actions": {"selection": [{"wpf3": ["random"]}]}}},
            "env.actions.selection.*'wpf3' is not a job selection; one of random, .*Did you mean 'wfp3'",
        ),
    ],
)
def test_wrong_options(content: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionsError, match=message) as caught:
        load_options({"platform_file_path": "learning", **content})
    assert "\n" not in str(caught.value)


def test_names_of_pairs_with_scores() -> None:
    content = {"platform_file_path": "learning", "agent": {"name": "sjf-high_flops"}}
    assert load_options(content).agent.name == "shortest-high_gflops"
    assert SelectionPair.parse("FCFS-random") == SelectionPair.parse("first-random")
    selection = ["wfp3-published", {"score:wait - cores": ["low_power"]}, "fcfs-random"]
    table = load_options(content | {"agent": {}, "env": {"actions": {"selection": selection}}}).action_table()
    assert table.names[5:8] == ("wfp3-published-low_power", "score:wait - cores-low_power", "first-random")
    assert table.as_array()[:, 0].tolist() == [-2] * 6 + [-3, 1, -1]
    assert SelectionPair.parse("score:wait - cores-random").job == table.scores[1]


def test_options_with_scores_load_again() -> None:
    loaded = load_options(options(queue=RULES[2], agent={"name": "F3-low_power"}))
    assert load_options(loaded.canonical(), folder=loaded.folder) == loaded
    assert loaded.canonical()["queue"] == RULES[2] | {"times": "requested"}
    assert "queue" in options_schema()["properties"]


def test_a_run_tells_of_reservations_that_were_not_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Job 4 of the toy workload among others runs longer than it asked for."""
    file = tmp_path / "options.json"
    jobs = [(0, 2, 5, 10, 0, 0), (0, 4, 5, 5, 0, 0), (0, 2, 5, 5, 0, 0)]
    file.write_text(json.dumps(options(jobs, queue={"backfilling": "easy"}, agent={"name": "F1-random"})))
    assert main(["launch", str(file), "-o", str(tmp_path / "run")]) == 0
    told = json.loads((tmp_path / "run" / "run.json").read_text())
    assert told["backfilling"]["late"] == 1
    assert told["backfilling"]["worst_delay"] > 0
    shown = "".join(capsys.readouterr())
    assert "reservations that were not kept: 1 of" in shown
    assert "jobs ran longer than expected, or they were slowed down" in shown
    assert "memory was free" not in shown
    assert "jobs that run longer than they request: 1" in shown
    assert len(JOBS) > 3


def test_memory_that_is_free_in_total_only_is_named_as_a_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nodes of few cores and little memory; walltimes make upper bounds of all that is requested."""
    content = {
        "platform_file_path": "das2",
        "workload_file_path": "gaia_like.swf",
        "nb_jobs": 120,
        "workload": {"mem_bw": "none", "walltime": "requested", "window": {"length": 120, "load": 1.5}},
        "queue": {"backfilling": "conservative"},
        "agent": {"name": "unicep-high_mem"},
    }
    (tmp_path / "options.json").write_text(json.dumps(content))
    assert main(["launch", str(tmp_path / "options.json"), "-o", str(tmp_path / "run")]) == 0
    shown = "".join(capsys.readouterr())
    assert "reservations that were not kept" in shown
    assert "memory was free in total, but not on the nodes that had cores" in shown
    assert "longer than they request" not in shown


def test_the_table_of_another_simulator_by_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its reading of a trace, its sequences, its backfilling."""
    lines = [
        f"{job + 1} {30 * job} -1 {run} {cores} -1 -1 {1 + job % 3} {time} " + "-1 " * 9
        for job, (run, cores, time) in enumerate(
            [(0, 1, 5), (-1, 2, 40), (30, 3, -1), (60, 1, 80), (20, 2, 20)]
        )
    ]
    (tmp_path / "trace.swf").write_text("\n".join(lines))
    content = {
        "platform_file_path": "learning",
        "workload_file_path": "trace.swf",
        "workload": {"reading": "rlscheduler", "mem_bw": "none", "window": {"length": 2, "starts": [2, 0]}},
        "queue": {"discipline": "commit", "backfilling": "rlscheduler"},
        "env": {"objective": "avg_bounded_slowdown"},
    }
    (tmp_path / "options.json").write_text(json.dumps(content))
    agents = ["first-high_gflops", "F1-high_gflops", "published=wfp3-published-high_gflops"]
    assert main(["compare", str(tmp_path / "options.json"), "--agents", *agents, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert json.dumps(found).count("published") >= 1
    env = WorkloadManagementEnv(load_options(tmp_path / "options.json"))
    workload = env.scenario.workload
    assert workload.skipped == {"no run time": 1}
    assert workload.run_time.tolist() == [10, 30, 60, 20]
    assert workload.requested_cores.tolist() == [2, 3, 1, 2]
    assert workload.requested_time.tolist() == [40, 30, 80, 20]
    content["workload"]["window"]["starts"] = [3]  # type: ignore[index]
    (tmp_path / "options.json").write_text(json.dumps(content))
    assert main(["compare", str(tmp_path / "options.json"), "--agents", *agents]) == 2
    assert "workload.window.starts: 2 jobs from job 3 go beyond" in capsys.readouterr().err
