"""What the platform and the workload of an experiment must have in common."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hdeeprm.errors import OptionsError, PlatformError, WorkloadError
from hdeeprm.options import load_options
from hdeeprm.scenario import Scenario, load_scenario, named
from scenarios import JOBS, TOO_MANY_CORES, TOO_MUCH_MEMORY, Job, options, workload_file


def scenario(jobs: list[Job] | None = None, **overrides: Any) -> Scenario:
    return load_scenario(load_options(options(jobs, **overrides)))


def test_all_jobs_fit() -> None:
    found = scenario()
    assert found.oversized_jobs == ()
    assert (found.platform.num_cores, found.workload.num_jobs) == (4, len(JOBS))


def test_oversized_jobs_are_named() -> None:
    found = scenario([JOBS[0], TOO_MANY_CORES, JOBS[1], TOO_MUCH_MEMORY])
    assert found.oversized_jobs == ("1", "3")


def test_oversized_jobs_may_be_refused() -> None:
    with pytest.raises(
        WorkloadError, match=r"1 of 2 jobs ask for more than the platform 'learning' has .*: 1\. .*\"reject\""
    ):
        scenario([JOBS[0], TOO_MUCH_MEMORY], workload={"oversized": "error"})
    assert scenario(workload={"oversized": "error"}).oversized_jobs == ()


@pytest.mark.parametrize("oversized", ["reject", "error"])
def test_a_workload_of_oversized_jobs_only_is_refused(oversized: str) -> None:
    with pytest.raises(WorkloadError, match=r"2 of 2 jobs .*; without them no job is left") as caught:
        scenario([TOO_MANY_CORES, TOO_MUCH_MEMORY], workload={"oversized": oversized})
    assert "reject" not in str(caught.value)  # it would not help


def test_a_job_as_large_as_the_platform_fits() -> None:
    whole: Job = (0, 4, 1, 1, 8000, 0)
    assert scenario([whole]).oversized_jobs == ()
    assert scenario([JOBS[0], (0, 4, 1, 1, 8001, 0)]).oversized_jobs == ("1",)


@pytest.mark.parametrize(
    ("platform", "walltime", "count"),
    [
        ("equal_256", "none", 1),
        ("equal_256", "requested", 0),
        ("unequal_256", "requested", 1),  # cores faster than the mean are through with the request before
    ],
)
def test_jobs_that_may_outlast_their_requests_are_counted(
    tmp_path: Path, platform: str, walltime: str, count: int
) -> None:
    lines = [f"{job} 0 -1 {run} 1 -1 -1 1 10 " + "-1 " * 9 for job, run in enumerate((10, 11, 5))]
    (tmp_path / "trace.swf").write_text("\n".join(lines))
    content = {
        "platform_file_path": platform,
        "workload_file_path": str(tmp_path / "trace.swf"),
        "workload": {"walltime": walltime},
    }
    found = load_scenario(load_options(content | {"queue": {"backfilling": "easy"}}))
    assert found.short_requests == count
    assert any("longer than they request" in line for line in found.notices()) == (count > 0)
    for queue in ({"backfilling": "none"}, {"backfilling": "easy", "times": "true"}):
        assert load_scenario(load_options(content | {"queue": queue})).short_requests is None


def test_nb_resources_must_be_the_number_of_cores() -> None:
    scenario(nb_resources=4)
    with pytest.raises(
        OptionsError, match=r"nb_resources: 5 is not the number of cores .*'learning', which has 4"
    ):
        scenario(nb_resources=5)


def test_no_workload_is_named() -> None:
    with pytest.raises(OptionsError, match="workload_file_path: no workload is named"):
        scenario(workload_file_path="")


def test_a_workload_that_is_not_there() -> None:
    with pytest.raises(WorkloadError, match=r"lerning\.json.*Did you mean 'learning"):
        scenario(workload_file_path="lerning.json")


def test_a_platform_that_is_not_there() -> None:
    with pytest.raises(PlatformError, match="Did you mean 'learning'"):
        scenario(platform_file_path="lerning")


@pytest.mark.parametrize(("start", "length"), [(0, 14), (1, 13), (13, 1), ("random", 14)])
def test_a_window_must_lie_within_the_workload(start: int | str, length: int) -> None:
    with pytest.raises(
        OptionsError, match=rf"workload\.window: {length} jobs from job .* beyond the workload's 13"
    ):
        scenario(workload={"window": {"start": start, "length": length}})


@pytest.mark.parametrize(("start", "length"), [(0, 13), (12, 1), ("random", 13)])
def test_a_window_may_reach_to_the_last_job(start: int | str, length: int) -> None:
    assert scenario(workload={"window": {"start": start, "length": length}}).workload.num_jobs == 13


def test_a_window_counts_the_jobs_that_are_taken() -> None:
    with pytest.raises(OptionsError, match="beyond the workload's 5 jobs"):
        scenario(nb_jobs=5, workload={"window": {"start": 2, "length": 4}})


def test_a_custom_workload_takes_the_place_of_the_one_in_the_options() -> None:
    loaded = load_options(options(workload_file_path=""))
    assert load_scenario(loaded, workload_file([JOBS[0]])).workload.num_jobs == 1


def test_paths_start_at_the_folder_of_the_options(tmp_path: Path) -> None:
    Path(workload_file([JOBS[0]])).rename(tmp_path / "mine.json")
    path = tmp_path / "options.json"
    path.write_text(json.dumps(options(workload_file_path="mine.json")), encoding="utf-8")
    assert load_scenario(load_options(path)).workload.num_jobs == 1


def test_a_custom_workload_is_not_looked_for_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, jobs in ((here, JOBS[:1]), (there, JOBS[:2])):
        folder.mkdir()
        Path(workload_file(jobs)).rename(folder / "mine.json")
    monkeypatch.chdir(here)
    loaded = load_options(options()).located(there)
    assert load_scenario(loaded, "mine.json").workload.num_jobs == 1


def test_what_a_trace_lacks_is_drawn_from_the_seed() -> None:
    def bandwidths(seed: int) -> list[int]:
        chosen = options(platform_file_path="gaia", workload_file_path="gaia_like.swf", nb_jobs=20, seed=seed)
        return load_scenario(load_options(chosen)).workload.bandwidth_mb_per_s.tolist()

    assert bandwidths(1) == bandwidths(1) != bandwidths(2)


def test_a_message_names_ten_jobs() -> None:
    assert named(("a", "b")) == "a, b"
    assert named(tuple("abcdefghijkl")) == "a, b, c, d, e, f, g, h, i, j and 2 more"
