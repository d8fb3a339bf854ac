"""The report: what the page holds, that nothing of the user's becomes markup, and what it does without."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hdeeprm.cli import main
from hdeeprm.errors import RunDirectoryError
from hdeeprm.metrics import METRICS, wait_time
from hdeeprm.platforms import load_platform
from hdeeprm.report import write_report
from hdeeprm.report.curves import HEIGHT, WIDTH, Curve, chart
from hdeeprm.report.differences import differences
from hdeeprm.report.entries import entries_of
from hdeeprm.report.markup import element, shown, table
from hdeeprm.report.payload import packed
from hdeeprm.report.sketch import MOST_BOXES, sketch
from hdeeprm.results import RunDirectory
from hdeeprm.results.reading import read_run
from report_pages import Page, make_run, page_of

EVIL = "</script><img src=x onerror=alert(1)>\"'&"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "short")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "first", agent="first-low_power")


@pytest.fixture(scope="module")
def page(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return page_of(tmp_path_factory.mktemp("page") / "report.html", run)


@pytest.fixture(scope="module")
def both(run: Path, other: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return page_of(tmp_path_factory.mktemp("page") / "report.html", run, other)


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(run, tmp_path / "copy")


# What the page holds -------------------------------------------------------------------------------------


def test_nothing_is_loaded_from_elsewhere(page: Page) -> None:
    given = [
        (tag, name, value)
        for tag, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data") and value is not None
    ]
    assert given and all(name == "href" and value.startswith("#") for _, name, value in given), given
    assert page.count("link") == page.count("img") == page.count("iframe") == 0


def test_links_and_labels_name_what_is_there(both: Page) -> None:
    names = [attributes["id"] for _, attributes in both.elements if attributes.get("id")]
    assert len(names) == len(set(names))
    for _, attributes in both.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert attributes.get(name) is None or attributes[name] in names
        assert not (attributes.get("href") or "").startswith("#") or attributes["href"][1:] in names


def test_only_the_scripts_of_the_page_may_run(run: Path, tmp_path: Path) -> None:
    write_report([run], tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    script = re.search(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in text


def test_jobs_and_cores_are_those_of_the_run(page: Page, run: Path) -> None:
    recorded, columns, facts = read_run(run), page.columns(0), page.manifest["runs"][0]
    assert tuple(columns["ids"]) == recorded.jobs.job_ids
    assert np.array_equal(columns["start"], recorded.jobs.start_time)
    assert np.array_equal(columns["finish"], recorded.jobs.finish_time)
    assert np.array_equal(columns["firstCore"], recorded.placements.first_core)
    held = np.add.reduceat(columns["coreCount"].astype(int), columns["placementBegin"][:-1])
    assert np.array_equal(held, recorded.jobs.requested_cores)
    assert facts["end"] == recorded.jobs.finish_time.max()
    assert facts["nodeFirstCore"][0] == 0 and len(facts["nodeFirstCore"]) == recorded.platform.num_nodes
    assert facts["clusters"] == [["gaia_cluster", 0, 2280]]


def test_figures_over_time_agree_with_the_metrics(page: Page, run: Path) -> None:
    columns, recorded = page.columns(0), read_run(run)
    lengths = np.diff(columns["event_time"])
    assert [series["key"] for series in page.manifest["series"]] == [
        "queue",
        "utilization",
        "power",
        "memory",
        "bandwidth",
    ]
    joules = 1000 * (columns["power"][:-1] @ lengths)
    assert joules == pytest.approx(recorded.metrics["energy_joules"], rel=1e-5)
    percent = columns["utilization"][:-1] @ lengths / columns["event_time"][-1]
    assert percent == pytest.approx(100 * recorded.metrics["utilization"], rel=1e-4)
    waited = columns["queue"][:-1] @ lengths
    assert waited == pytest.approx(float(wait_time(recorded.jobs).sum()), rel=1e-4)
    told = next(row for row in page.rows if row[0].startswith("Utilization"))
    assert told[2] == shown(float(percent))


def test_each_metric_is_told_with_its_definition(page: Page, run: Path) -> None:
    for name, metric in METRICS.items():
        assert page.texts[f"metric-{name}"] == f"{metric.definition} [{metric.source}]"
        row = page.row(f"{name}{page.texts[f'metric-{name}']}")
        assert row[-1] == shown(read_run(run).metrics[name])


def test_options_can_be_taken_from_the_page(page: Page, run: Path) -> None:
    assert json.loads(page.texts["options-0"]) == json.loads((run / "options.json").read_text())
    assert page.row("hdeeprm") == [read_run(run).versions["hdeeprm"]]


def test_the_platform_is_sketched_and_told(page: Page) -> None:
    platform = load_platform("gaia")
    assert page.count("rect") == platform.num_nodes + platform.num_processors
    assert page.row("gaia_cluster")[:2] == ["Bullx B500-0", "60"]


def test_a_platform_of_very_many_nodes_has_a_box_for_each_type() -> None:
    entry = {"id": "big", "nodes": [], "local_links": {"type": "InfiniBand QDR", "latency": "0us"}}
    entry["nodes"] = [{"type": "Dell R720", "number": MOST_BOXES}, {"type": "Bullx B500-0", "number": 1}]
    platform = load_platform({"clusters": [entry], "global_links": entry["local_links"]})
    text = sketch(platform)
    assert text.count("<g>") == 2
    assert f"<title>{MOST_BOXES:,} x Dell R720</title>" in text


def test_the_same_runs_give_the_same_bytes(run: Path, other: Path, tmp_path: Path) -> None:
    write_report([run, other], tmp_path / "page.html")
    first = (tmp_path / "page.html").read_bytes()
    write_report([run, other], tmp_path / "page.html", force=True)
    assert (tmp_path / "page.html").read_bytes() == first


def test_no_library_for_figures_is_needed(
    run: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    write_report([run, other], tmp_path / "report.html")


# Several runs --------------------------------------------------------------------------------------------


def test_only_options_that_differ_are_compared(both: Page) -> None:
    begin = next(k for k, row in enumerate(both.rows) if row[:1] == ["option"])
    end = next(k for k, row in enumerate(both.rows) if row[:2] == ["run", "figure"])
    assert both.rows[begin:end] == [
        ["option", "short", "first"],
        ["agent.name", '"shortest-high_gflops"', '"first-low_power"'],
        ["env.actions.selection", '["shortest-high_gflops"]', '["first-low_power"]'],
    ]


def test_paired_differences_are_over_the_same_jobs(run: Path, other: Path) -> None:
    one, another = read_run(run), read_run(other)
    waits = [
        dict(zip(recorded.jobs.job_ids, wait_time(recorded.jobs), strict=True)) for recorded in (one, another)
    ]
    expected = np.mean([waits[1][job_id] - waits[0][job_id] for job_id in waits[0]])
    found = {difference.name: difference for difference in differences(one, another)}["mean wait"]
    assert found.mean == pytest.approx(expected)
    assert found.num_jobs == 60
    assert found.interval.low <= found.mean <= found.interval.high
    assert 0 < found.p_value <= 1


def test_a_run_does_not_differ_from_itself(run: Path) -> None:
    for difference in differences(read_run(run), read_run(run)):
        assert (difference.mean, *difference.interval, difference.p_value) == (0, 0, 0, 1)


def test_runs_of_one_name_are_told_apart(run: Path, copy: Path, tmp_path: Path) -> None:
    again = shutil.copytree(run, tmp_path / "more" / "copy")
    names = [entry.name for entry in entries_of([read_run(path) for path in (copy, again, copy, run)])]
    assert names == [str(copy), str(again), f"{copy} #2", "short"]


# Texts of the user's -------------------------------------------------------------------------------------


def test_no_name_becomes_markup(copy: Path, tmp_path: Path, page: Page) -> None:
    evil = copy.rename(tmp_path / EVIL.replace("/", "-"))
    jobs = evil / "out_jobs.csv"
    jobs.write_text(jobs.read_text().replace("\n1,w0", '\n"{}",w0'.format(EVIL.replace('"', '""'))))
    state = json.loads((evil / "run.json").read_text())
    (evil / "run.json").write_text(json.dumps(state | {"status": "failed", "reason": EVIL}))
    versions = evil / "versions.json"
    versions.write_text(json.dumps({EVIL: EVIL}))
    found = page_of(tmp_path / "report.html", evil)
    assert EVIL in found.columns(0)["ids"]
    assert found.manifest["runs"][0]["name"] == evil.name
    assert found.row(EVIL) == [EVIL]
    assert found.count("img") == 0
    assert found.count("script") == page.count("script")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0")), st.text(max_size=5))
def test_elements_hold_texts_as_they_are(text: str, attribute: str) -> None:
    attribute = attribute.replace("\r", "").replace("\0", "")
    found = Page(element("p", text, id="x", title=attribute))
    assert found.texts.get("x", "") == text
    assert found.elements[0][1]["title"] == attribute


# Runs that lack something --------------------------------------------------------------------------------


def test_a_failed_run_is_marked_and_shown_as_far_as_it_went(copy: Path, tmp_path: Path) -> None:
    state = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps(state | {"status": "failed", "reason": "disk full"}))
    for name in ("metrics.json", "options.json", "versions.json", "over_utilization_mem_bw.csv"):
        (copy / name).unlink()
    found = page_of(tmp_path / "report.html", copy)
    text = found.texts["main"]
    assert "copy is failed: disk full. It is shown as far as it went." in text
    assert "no options.json in this run" in found.texts["notes"]
    assert [series["key"] for series in found.manifest["series"]] == ["queue", "utilization"]
    assert found.manifest["runs"][0]["clusters"] == []
    assert found.manifest["runs"][0]["numCores"] == 2280


def test_a_run_without_jobs_has_no_chart(tmp_path: Path) -> None:
    RunDirectory.create(tmp_path / "run").finish("incomplete", reason="stopped")
    found = page_of(tmp_path / "report.html", tmp_path / "run")
    assert found.manifest == {"runs": [], "series": []}
    assert "schedule" not in found.texts
    assert "run is incomplete: stopped" in found.texts["main"]
    assert "no metrics.json" in found.texts["notes"]


@pytest.mark.parametrize("what", ["nothing", "rejected"])
def test_a_run_of_which_no_job_ended(what: str, copy: Path, other: Path, tmp_path: Path) -> None:
    header, *rows = (copy / "out_jobs.csv").read_text().splitlines()
    cells = rows[0].split(",")
    rejected = ",".join([*cells[:6], "0", "REJECTED", *[""] * 8, '""'])
    (copy / "out_jobs.csv").write_text("\n".join([header, *[rejected] * (what == "rejected")]) + "\n")
    found = page_of(tmp_path / "report.html", copy, other)
    assert len(found.columns(0)["ids"]) == (what == "rejected")
    assert list(found.columns(0)["coreCount"]) == []
    assert "no job in common" in found.texts["notes"]


def test_a_workload_that_is_gone_costs_only_what_needs_it(copy: Path, tmp_path: Path) -> None:
    options = json.loads((copy / "options.json").read_text())
    (copy / "options.json").write_text(json.dumps(options | {"workload_file_path": "gone.swf"}))
    found = page_of(tmp_path / "report.html", copy)
    assert [series["key"] for series in found.manifest["series"]] == ["queue", "utilization", "power"]
    assert "gone.swf" in found.texts["notes"]


def test_learning_curves_are_drawn(copy: Path, tmp_path: Path) -> None:
    rows = "".join(f"{k},{16 * k},{-1 / k},nan\n" for k in range(1, 400))
    (copy / "losses.csv").write_text(f"update,step,policy_loss,value_loss\n{rows}")
    (copy / "episodes.csv").write_text("episode,step,return,length,objective\n0,16,2.5,9,-3\n")
    (copy / "action_preferences.csv").write_text("episode,step,first-low_power\n0,0,0.25\n")
    found = page_of(tmp_path / "report.html", copy)
    titles = ["return", "objective", "length", "policy loss", "preference of first-low_power"]
    learning = found.texts["learning"]
    assert all(title in learning for title in titles) and "value loss" not in learning
    assert found.count("svg") == len(titles) + 1  # and the platform
    policy = [row for row in found.rows if row[0] == "policy loss"]
    assert policy[0] == ["policy loss", "copy", "16", "-1"]
    assert policy[-1] == ["policy loss", "copy", "6,384", shown(-1 / 399)]


@pytest.mark.parametrize("status", ["no run", "newer", "damaged"])
def test_directories_that_cannot_be_read(status: str, copy: Path, tmp_path: Path) -> None:
    state = json.loads((copy / "run.json").read_text())
    if status == "no run":
        shutil.rmtree(copy)
        copy.mkdir()
        message = "holds no run"
    elif status == "newer":
        (copy / "run.json").write_text(json.dumps(state | {"format_version": 99}))
        message = "another version of the format"
    else:
        (copy / "out_jobs.csv").write_text("job_id\n1\n")
        message = "out_jobs.csv:1: no column"
    with pytest.raises(RunDirectoryError, match=message):
        write_report([copy], tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


# Figures and parts ---------------------------------------------------------------------------------------


@given(
    st.lists(
        st.one_of(
            arrays.arrays(np.float64, st.integers(0, 9), elements=st.floats(width=64)),
            arrays.arrays(np.float32, st.integers(0, 9), elements=st.floats(width=32)),
            arrays.arrays(np.int64, st.integers(0, 9), elements=st.integers(0, 2**32 - 1)),
            st.lists(st.text(), max_size=4),
        ),
        max_size=6,
    )
)
def test_columns_come_back_as_they_were(values: list[np.ndarray | list[str]]) -> None:
    columns = {f"column {k}": value for k, value in enumerate(values)}
    payload = packed(columns)
    manifest = json.dumps({"runs": [{"columns": payload.columns}]})
    html = element("p", manifest, id="manifest") + element("p", payload.text, id="run-data-0")
    found = Page(html).columns(0)
    assert found.keys() == columns.keys()
    for name, value in columns.items():
        if isinstance(value, list):
            assert [text.encode("utf-8", "backslashreplace").decode() for text in value] == found[name]
        else:
            assert np.array_equal(found[name], value, equal_nan=value.dtype.kind == "f")


@given(
    arrays.arrays(
        np.float64, st.integers(1, 500), elements=st.floats(-1e9, 1e9, allow_subnormal=False).map(float)
    )
)
def test_curves_stay_within_their_figure(values: np.ndarray) -> None:
    text = chart("return", "steps", [Curve("run", 7, np.arange(len(values), dtype=float), values)])
    assert "run-1 dash-1" in text
    for path in re.findall(r' d="M([^"]*?)Z?"', text):
        points = np.array([point.split() for point in path.split("L")], float)
        assert (points >= 0).all() and (points <= (WIDTH, HEIGHT)).all()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12.0, "12"),
        (1234.56, "1,235"),
        (0.123456, "0.1235"),
        (float("nan"), "-"),
        (6.9e17, "6.9e+17"),
        (-2.5, "-2.5"),
        (-0.0, "0"),
        (float("inf"), "inf"),
    ],
)
def test_figures_for_people(value: float, text: str) -> None:
    assert shown(value) == text


def test_numbers_of_a_table_stand_to_the_right() -> None:
    text = table("Caption", ("name", "text", "number"), [["a", "1", 1.5], ["b", "<", float("nan")]])
    assert text.count('class="number"') == 3  # two cells and their heading
    assert '<td class="number">1.5</td>' in text and "<td>&lt;</td>" in text


# The command ---------------------------------------------------------------------------------------------


def test_the_command_writes_the_page(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", str(run)]) == 0
    assert capsys.readouterr().out.startswith("report.html (0.1 MB)")
    found = Page(Path("report.html").read_text(encoding="utf-8"))
    assert f"hdeeprm report {run} -o report.html" in found.texts["reproduction"]
    assert main(["report", str(run)]) == 1
    assert (
        "report.html exists; give another name with -o, or replace it with --force" in capsys.readouterr().err
    )
    assert main(["report", str(run), "--force"]) == 0
    assert main(["report", str(run), "-o", "gone/report.html"]) == 1
    assert "cannot be written" in capsys.readouterr().err
