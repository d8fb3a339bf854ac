"""Every block of the documentation is executed, and CI runs what the README says."""

import doctest
import importlib.util
import json
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import hdeeprm
from hdeeprm.errors import DependencyNotInstalled
from hdeeprm.options import load_options
from hdeeprm.platforms import load_platform
from hdeeprm.studies.file import load_study

ROOT = Path(__file__).parents[1]
STUDIES = ROOT / "examples" / "studies"
RECIPES = "integrations.md"  # whose blocks for other libraries test_integrations.py runs
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted((DOCS / "reference").glob("*.md"))]
WALKTHROUGHS = ("gallery.md", "start.md", "tutorial.md")  # whose commands build on each other
BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""Language, the library that the block needs besides, and the text."""
SET_UP = ("pip install", "pytest", "python -m benchmarks", "source ")  # run by CI itself


def blocks(language: str, pages: list[Path] = PAGES) -> list[pytest.param]:
    found = []
    for page in pages:
        for number, (kind, library, text) in enumerate(BLOCK.findall(page.read_text("utf-8"))):
            if kind == language and not (library and page.name == RECIPES):
                there = not library or importlib.util.find_spec(library) is not None
                marks = pytest.mark.skipif(not there, reason=f"{library} is not installed")
                found.append(pytest.param(text, id=f"{page.name}-{number}", marks=marks))
    return found


@pytest.mark.parametrize("text", blocks("python"))
def test_python_block(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(compile(text, "documentation", "exec"), namespace)
    assert len(namespace) > 1


@pytest.mark.parametrize("text", blocks("json"))
def test_json_block_is_options_or_a_platform(text: str) -> None:
    content = json.loads(text)
    if "clusters" in content:
        assert load_platform(content).num_cores > 0
    else:
        assert load_options(content).platform_file_path


@pytest.mark.parametrize("text", blocks("toml"))
def test_toml_block_is_a_study(text: str, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    shutil.copytree(STUDIES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "block.toml").write_text(text, encoding="utf-8")
    assert load_study(tmp_path / "block.toml").sets


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.toml")), ids=lambda path: path.stem)
def test_examples_are_studies(path: Path) -> None:
    pytest.importorskip("optuna")
    assert load_study(path).sets


needs_compiler = pytest.mark.skipif(
    numba.config.DISABLE_JIT, reason="subprocesses would run uncompiled for minutes"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where commands of the documentation run: with the README's options.json and the examples."""
    options = next(block.values[0] for block in blocks("json") if '"nb_jobs": 500' in block.values[0])
    (tmp_path / "options.json").write_text(options, encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


def run(command: list[str], folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def run_lines(text: str, folder: Path) -> None:
    for line in text.splitlines():
        if not any(word in line for word in SET_UP):
            run(shlex.split(line), folder)


@needs_compiler
@pytest.mark.parametrize("text", blocks("bash", [page for page in PAGES if page.name not in WALKTHROUGHS]))
def test_bash_block(text: str, folder: Path) -> None:
    run_lines(text, folder)


@needs_compiler
@pytest.mark.parametrize("name", WALKTHROUGHS)
def test_walkthrough(name: str, folder: Path) -> None:
    for block in blocks("bash", [DOCS / name]):
        if any(mark.args[0] for mark in block.marks):
            pytest.skip(f"from here on it needs more: {block.id}")
        run_lines(block.values[0], folder)


@pytest.mark.parametrize("name", WALKTHROUGHS)
def test_options_of_a_walkthrough_are_the_example(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")
    for path, shown in re.findall(r"`(examples/[\w/]+\.json)`[^`]*?```json\n(.*?)^```", text, re.M | re.S):
        assert json.loads(shown) == json.loads((ROOT / path).read_text("utf-8")), path
    assert text.count("```json") == len(re.findall(r"`examples/[\w/]+\.json`[^`]*?```json", text))


@needs_compiler
@pytest.mark.parametrize("text", blocks("shell"))
def test_shell_block(text: str, folder: Path) -> None:
    """Several processes that work together: all end well, and none is left where one fails."""
    before = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n"
    after = "for job in $(jobs -p); do wait $job; done"
    run(["bash", "-e", "-c", before + text + after], folder)


def test_ci_runs_the_readme_commands() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    set_up = [
        line
        for block in blocks("bash")
        for line in block.values[0].splitlines()
        if ".venv/bin/" in line and str(block.id).startswith("README")
    ]
    assert len(set_up) == 2
    assert all(line in script for line in set_up)


def modules() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(hdeeprm.__path__, "hdeeprm.")]
    return sorted(names)


@pytest.mark.parametrize("name", modules())
def test_doctests(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except (DependencyNotInstalled, ModuleNotFoundError) as error:
        pytest.skip(str(error))
    assert module.__doc__, f"{name} has no docstring"
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.json")), ids=lambda path: path.stem)
def test_examples_are_options(path: Path) -> None:
    learns = path.stem == "learning"  # which agent, the command line says
    overrides = {"agent.file": str(ROOT / "examples" / "agent.py")} if learns else None
    assert load_options(path, overrides).platform_file_path
