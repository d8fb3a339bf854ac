"""Everything that is checked, one session each: ``nox`` runs all, ``nox -s lint`` one.

Sessions run in the environment that nox was started from; make it with the README's first command.
"""

import os

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "imports", "tests", "uncompiled", "docs"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style and form."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Static types."""
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Imports follow the flow of data."""
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests on compiled code, with doctests and the blocks of the documentation."""
    session.run("pytest", "-n", "auto", *session.posargs)


LONG = (
    "backend_batsim",
    "clock_batsim",
    "comparison",
    "comparison_cli",
    "demonstration",
    "dropin_recorded",
    "integrations",
    "learners",
    "study_cancelled",
    "study_kills",
    "study_launchers",
    "study_ray",
    "study_slurm",
    "training",
    "training_cli",
)
"""Tests whose episodes or processes take long on plain Python and reach nothing new of the compiled code."""


@nox.session
def uncompiled(session: nox.Session) -> None:
    """The tests on the kernel as plain Python, which measures its coverage."""
    settings = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    left_out = [f"--ignore=tests/test_{name}.py" for name in LONG]
    session.run("pytest", "-n", "auto", "--cov", "--cov-report=term:skip-covered", *left_out, env=settings)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site, with its figures; a warning is an error."""
    session.run(
        "sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html", *session.posargs
    )


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure, and renew the table of docs/benchmarks.md."""
    session.run("python", "-m", "benchmarks", "--out", "docs/benchmarks.md", *session.posargs)
