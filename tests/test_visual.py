"""``hdeeprm visual`` and ``hdeeprm-visual``: which runs, which figures, where to, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hdeeprm.cli import main, visual
from hdeeprm.plots.kinds import KINDS
from recorded_runs import write_run

matplotlib = pytest.importorskip("matplotlib")

TRAINED = [("losses.csv", "update,step,loss\n1,8,2.5\n2,16,1.5\n")]


def texts(path: Path) -> str:
    """All that is written in an SVG, which has letters as comments beside their outlines."""
    return path.read_text("utf-8")


def test_names_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert visual(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(KINDS)
    assert "  Waiting jobs" in lines[0]


def test_one_figure_of_the_working_directory_as_the_original_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(write_run(tmp_path / "run"))
    assert visual(["queue_size", "-s", "queue.svg"]) == 0
    assert capsys.readouterr().out == "queue.svg\n"
    assert "<!-- Waiting jobs -->" in texts(Path("queue.svg"))


def test_the_latest_run_is_drawn_where_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path / "runs" / "only")
    monkeypatch.chdir(tmp_path)
    assert main(["visual", "utilization", "--save", "load.png"]) == 0
    assert Path("load.png").read_bytes().startswith(b"\x89PNG")
    assert visual(["utilization", "runs/only", "-s", "load.pdf"]) == 0
    assert Path("load.pdf").read_bytes().startswith(b"%PDF")


def test_several_figures_of_several_runs(tmp_path: Path) -> None:
    runs = [str(write_run(tmp_path / name)) for name in ("one", "two")]
    target = tmp_path / "both.svg"
    assert visual(["wait_times,gantt", *runs, "-s", str(target)]) == 0
    for words in ("Wait times", "2 runs", "Gantt chart", "one · first-high_gflops · 4 jobs"):
        assert f"<!-- {words} -->" in texts(target)


def test_a_failed_run_is_drawn_as_far_as_it_went(tmp_path: Path) -> None:
    reason = "the agent failed at 3 s; correct it"
    run = write_run(tmp_path / "run", jobs=(), tables=TRAINED, status="failed", reason=reason)
    assert visual(["losses", str(run), "-s", str(tmp_path / "losses.svg")]) == 0
    assert "FAILED: the agent failed at 3 s -->" in texts(tmp_path / "losses.svg")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["gnatt", "-s", "x.svg"], 2, "'gnatt' is no figure; one of queue_size, "),
        (["gnatt", "-s", "x.svg"], 2, "Did you mean 'gantt'?"),
        (["-s", "x.svg"], 2, "which figure? Name one, such as gantt; --list shows all"),
        (["gantt", "run", "-s", "x.jpeg"], 2, "x.jpeg: a file ending in .svg, .png, .pdf is wanted."),
        (["gantt", "nowhere", "-s", "x.svg"], 1, "nowhere holds no run: it has no run.json"),
        (["gantt", "-s", "x.svg"], 1, "no run here and none in runs/; name a run directory"),
        (["losses", "run", "-s", "x.svg"], 1, "no losses.csv in this run; training records it"),
        (["comparison", "run", "-s", "x.svg"], 2, "a comparison needs at least two runs"),
        (["gantt", "run", "-s", "absent/x.svg"], 1, "absent/x.svg cannot be written: No such file"),
        (["gantt", "run"], 2, "there is no display to show the figure on; save it with -s FILE.svg"),
    ],
)
def test_bad_input(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "agg")
    write_run(tmp_path / "run")
    assert visual(arguments) == code
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error
    assert not list(tmp_path.glob("x.*"))


def test_repeats_are_drawn_side_by_side(tmp_path: Path) -> None:
    for number in (10, 9, 0):
        write_run(tmp_path / "many" / str(number))
    target = tmp_path / "x.svg"
    assert visual(["queue_size,gantt", str(tmp_path / "many"), "-s", str(target)]) == 0
    drawn = texts(target)
    assert "<!-- 3 runs -->" in drawn
    places = [drawn.index(f"<!-- many/{n} · first-high_gflops · 4 jobs -->") for n in (0, 9, 10)]
    assert places == sorted(places)


def test_files_beside_the_options_of_another_program_are_drawn(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / "run.json").unlink()
    (run / "options.json").write_text('{"scheduler": "easy"}')
    assert visual(["gantt", str(run), "-s", str(tmp_path / "x.svg")]) == 0
    assert "<!-- run · 4 jobs -->" in texts(tmp_path / "x.svg")


@pytest.mark.parametrize("arguments", [[], ["-s", "x.svg"]])
def test_an_unknown_backend_is_named(tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hdeeprm", "visual", "gantt", str(write_run(tmp_path / "run")), *arguments],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "nonsense"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == "error: MPLBACKEND: 'nonsense' is no backend of Matplotlib; unset it\n"


def test_a_window_shows_the_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import pyplot

    pyplot.switch_backend("agg")
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "tkagg")
    shown = []

    def show() -> None:
        (number,) = pyplot.get_fignums()
        shown.extend(pyplot.figure(number).canvas.manager.canvas.figure.axes)

    monkeypatch.setattr(pyplot, "show", show)
    assert visual(["gantt", str(write_run(tmp_path / "run"))]) == 0
    assert shown[0].get_title(loc="left").startswith("Gantt chart\nrun")
    assert not pyplot.get_fignums()


def test_without_matplotlib_it_is_said_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['matplotlib'] = None; from hdeeprm.cli import visual; "
        f"sys.exit(visual(['gantt', {str(write_run(tmp_path / 'run'))!r}, *sys.argv[1:]]))"
    )
    for arguments in ([], ["-s", "x.svg"]):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert (
            'a figure needs matplotlib, which is missing; install it with: pip install "hdeeprm[plot]"'
            in done.stderr
        )


def test_the_names_need_no_matplotlib() -> None:
    program = "import sys, hdeeprm.cli as cli; cli.visual(['--list']); assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
