"""The files that make the container images: their form; building needs an engine and is not tested here."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import hdeeprm

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text("utf-8")
COMPOSE = (DOCKER / "compose.yaml").read_text("utf-8")


def instructions() -> list[tuple[str, str]]:
    """Instruction and argument, comments left out and continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each named stage, its FROM first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for word, rest in instructions():
        if word == "FROM":
            name = rest.rpartition(" AS ")[2]
            found[name] = []
        if found:
            found[name].append((word, rest))
    return found


def pins(file: Path) -> dict[str, Requirement]:
    lines = (line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines())
    return {canonicalize_name(pin.name): pin for pin in map(Requirement, filter(None, lines))}


def version(pin: Requirement) -> str:
    (only,) = pin.specifier
    assert only.operator == "==", pin
    return only.version


@pytest.mark.parametrize(
    ("tool", "files"), [("hadolint", ["Dockerfile"]), ("shellcheck", ["smoke.sh", "warm.sh"])]
)
def test_linter_finds_nothing(tool: str, files: list[str]) -> None:
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    found = subprocess.run([tool, *files], cwd=DOCKER, capture_output=True, text=True)
    assert not found.stdout and found.returncode == 0, found.stdout


@pytest.mark.parametrize("script", ["smoke.sh", "warm.sh"])
def test_script_is_valid_shell(script: str) -> None:
    assert subprocess.run(["sh", "-n", DOCKER / script], capture_output=True).returncode == 0


def test_base_images_have_a_version() -> None:
    given = dict(rest.split("=", 1) for word, rest in instructions() if word == "ARG" and "=" in rest)
    bases = {rest.split()[0] for word, rest in instructions() if word == "FROM"} - set(stages())
    named = {re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], base) for base in bases}
    assert len(named) == 2
    for image in named:
        assert re.search(r":\d+\.\d+\.\d+", image), image
    (batsim,) = (image for image in named if "batsim" in image)
    assert batsim.startswith("oarteam/batsim:4."), "5.x speaks another protocol"


@pytest.mark.parametrize("target", ["slim", "full"])
def test_images_do_not_run_as_root(target: str) -> None:
    word, rest = stages()[target][-1]
    assert word == "USER" and re.fullmatch(r"[1-9]\d*:[1-9]\d*", rest)


def test_only_the_full_image_has_batsim_and_is_the_default() -> None:
    assert list(stages())[-1] == "full"
    copies = {name for name, lines in stages().items() if any("--from=batsim" in rest for _, rest in lines)}
    assert copies == {"full"}
    assert stages()["slim"][0] == ("FROM", "hdeeprm AS slim")


def test_entry_point_is_the_launcher_under_an_init() -> None:
    (entry,) = [json.loads(rest) for word, rest in instructions() if word == "ENTRYPOINT"]
    assert entry[0] == "dumb-init" and entry[-1] == "hdeeprm-launch"
    assert "dumb-init" in pins(DOCKER / "requirements.txt")


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    ignore = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    assert "*" in ignore
    wanted = set(re.findall(r"type=bind,source=([\w./-]+)", DOCKERFILE))
    for word, rest in instructions():
        if word == "COPY" and "--from" not in rest:
            wanted |= set(rest.split()[:-1])
    assert wanted == allowed
    assert all((ROOT / name).exists() for name in wanted)


def test_packages_are_pinned_to_what_the_project_asks_for() -> None:
    pinned = pins(DOCKER / "requirements.txt") | pins(ROOT / "constraints.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    for line in [*project["dependencies"], *extras["learn"], *extras["batsim"]]:
        wanted = Requirement(line)
        assert version(pinned[canonicalize_name(wanted.name)]) in wanted.specifier, line
    assert all(map(version, pinned.values()))


def test_wheel_is_built_with_pinned_packages() -> None:
    pinned = pins(DOCKER / "requirements-build.txt")
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]:
        wanted = Requirement(line)
        assert version(pinned[wanted.name]) in wanted.specifier
    assert all(map(version, pinned.values()))


def test_images_carry_the_version_of_the_package() -> None:
    assert f"ARG HDEEPRM_VERSION={hdeeprm.__version__}\n" in DOCKERFILE
    batsim = re.search(r"^ARG BATSIM_VERSION=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert batsim is not None
    assert re.findall(r"image: (\S+)", COMPOSE) == [
        f"hdeeprm:{hdeeprm.__version__}-batsim{batsim[1]}",
        f"hdeeprm:{hdeeprm.__version__}-slim",
    ]


def test_compose_builds_targets_of_the_dockerfile() -> None:
    assert re.findall(r"target: (\w+)", COMPOSE) == ["full", "slim"]
    assert set(re.findall(r"dockerfile: (\S+)", COMPOSE)) == {"docker/Dockerfile"}
