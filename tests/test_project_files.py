"""The files about the project say what is so: citation, hooks, how to contribute."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import hdeeprm

ROOT = Path(__file__).parents[1]


def read_yaml(name: str) -> Any:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_the_citation_is_of_this_version() -> None:
    citation = read_yaml("CITATION.cff")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["version"] == hdeeprm.__version__
    assert citation["license"] == project["license"]
    assert [author["name"] for author in citation["authors"]] == [
        author["name"] for author in project["authors"]
    ]
    assert {"cff-version", "message", "title"} <= set(citation)  # what the format demands


def test_the_hooks_are_checks_of_nox() -> None:
    noxfile = (ROOT / "noxfile.py").read_text("utf-8")
    sessions = re.findall(r"session\.run\((.+)\)", noxfile)
    commands = [" ".join(re.findall(r'"([^"]+)"', session)) for session in sessions]
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    for hook in repository["hooks"]:
        entry = hook["entry"].removesuffix(" --force-exclude")
        assert any(command.removesuffix(" .") == entry for command in commands), entry


def test_the_hooks_are_understood() -> None:
    pytest.importorskip("pre_commit")
    from pre_commit.clientlib import load_config

    assert load_config(str(ROOT / ".pre-commit-config.yaml"))["repos"]


def test_what_is_said_to_contributors_is_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    noxfile = (ROOT / "noxfile.py").read_text("utf-8")
    for session in re.search(r"^nox -s (.+)$", page, re.M)[1].split():
        assert f"def {session}(" in noxfile
    places = {place for place in re.findall(r"`([\w./]+/[\w./]*|[\w]+\.(?:toml|md|py))`", page)}
    assert len(places) > 8
    for place in places - {"agent.py", "docs/_build/html"}:  # the user writes one, a build makes the other
        assert (ROOT / place).exists(), place
    for link in re.findall(r"\]\(([\w./]+)\)", page):
        assert (ROOT / link).exists(), link


def test_every_script_is_a_function_of_the_command_line() -> None:
    from hdeeprm import cli

    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert {"hdeeprm-launch", "hdeeprm-visual", "hdeeprm-metrics", "hdeeprm-jobstat", "hdeeprm-clean"} <= set(
        scripts
    )
    for entry in scripts.values():
        module, _, function = entry.partition(":")
        assert module == "hdeeprm.cli"
        assert callable(getattr(cli, function))
