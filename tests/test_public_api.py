"""The names that users rely on, what importing them costs, and that each is documented."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from types import FunctionType

import gymnasium
import pytest

import hdeeprm
from hdeeprm import errors

PUBLIC_NAMES = {
    "hdeeprm": (
        "EmbeddedSimulator HDeepRMError Options Platform Workload WorkloadManagementEnv "
        "WorkloadManagementVectorEnv __version__ load_options load_platform load_workload run_experiment"
    ),
    "hdeeprm.agents": "Agent AgentEnvironment ClassicAgent RandomAgent agent_from_options load_agent",
    "hdeeprm.comparison": "Comparison Standing compare",
    "hdeeprm.env": (
        "EnvironmentSnapshot WorkloadManagementEnv WorkloadManagementVectorEnv learning_environment "
        "learning_vector_environment register_observation"
    ),
    "hdeeprm.options": (
        "AGENT_NAMES LEARNER_NAMES OBJECTIVES OBSERVATION_NAMES RANDOM_AGENT ActionOptions AgentOptions "
        "EnvOptions Options PretrainOptions QueueOptions SimulatorOptions TrainingOptions WindowOptions "
        "WorkloadOptions load_options observation_names options_schema register_observation_name"
    ),
    "hdeeprm.platforms": "P_STATES Cluster PState Platform load_platform",
    "hdeeprm.plots": "FIGURE_NAMES draw save",
    "hdeeprm.report": "write_report",
    "hdeeprm.results": (
        "Cleaned RecordedRun RunDirectory WallTimes clean default_run_directory find_runs job_records "
        "read_jobs read_run read_status write_results"
    ),
    "hdeeprm.scores": ("ALIASES EXAMPLE_SCORE NAMED_SCORES NAMES OWN_SCORE NamedScore Score evaluate"),
    "hdeeprm.simulator": (
        "EmbeddedSimulator JobStatus Objective QueueRules Simulator SimulatorBatch Snapshot ToldBatch "
        "ToldSimulator"
    ),
    "hdeeprm.studies": "Pruned Study",
    "hdeeprm.training": "Progress TrainingFacts TrainingStopped TrainingWatch learns unwatched",
    "hdeeprm.workload_statistics": (
        "FIELDS Field JobTable STATISTICS WorkloadSummary compute read_job_table statistic_named "
        "summarise_workload"
    ),
    "hdeeprm.workloads": (
        "JobLimits LublinModel SwfTrace TraceSettings Workload generate_lublin load_workload read_swf "
        "workload_from_json workload_from_swf write_swf"
    ),
}
ERRORS = {
    "HDeepRMError": 1,
    "OptionsError": 2,
    "PlatformError": 1,
    "WorkloadError": 1,
    "AgentError": 1,
    "TrainingDiverged": 1,
    "RunDirectoryError": 1,
    "JournalError": 1,
    "StudyError": 2,
    "FigureError": 2,
    "SimulationError": 1,
    "BatsimError": 1,
    "DependencyNotInstalled": 1,
}


@pytest.mark.parametrize("module", PUBLIC_NAMES)
def test_public_names(module: str) -> None:
    package = importlib.import_module(module)
    assert sorted(package.__all__) == sorted(PUBLIC_NAMES[module].split())
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize("module", ["hdeeprm", "hdeeprm.plots", "hdeeprm.workloads"])
def test_a_name_that_is_not_public_is_an_attribute_error(module: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'nothing'"):
        _ = importlib.import_module(module).nothing


def test_the_environments_are_registered() -> None:
    ids = {name for name in gymnasium.registry if name.startswith("HDeepRM/")}
    assert ids == {"HDeepRM/WorkloadManagement-v0", "HDeepRM/Learning-v0"}


def test_the_errors_and_their_exit_codes() -> None:
    found = [value for value in vars(errors).values() if getattr(value, "__module__", "") == errors.__name__]
    raised = [value for value in found if inspect.isclass(value)]
    assert {value.__name__: value.exit_code for value in raised} == ERRORS
    assert all(issubclass(value, hdeeprm.HDeepRMError) for value in raised)


# Imports

HEAVY = (
    "print(*sorted({'torch', 'pandas', 'matplotlib', 'numba', 'optuna', 'ray', 'rich'} & set(sys.modules)))"
)
LOAD_FILES = (
    "hdeeprm.load_options({'platform_file_path': 'learning'}), hdeeprm.load_platform('learning'), "
    "hdeeprm.load_workload('learning.json')"
)


@pytest.mark.parametrize(
    ("use", "heavy"),
    [
        ("", ""),
        (LOAD_FILES, ""),
        ("hdeeprm.EmbeddedSimulator, hdeeprm.WorkloadManagementEnv", "numba"),
    ],
)
def test_what_is_heavy_is_imported_only_where_it_is_used(use: str, heavy: str) -> None:
    code = f"import sys, hdeeprm; {use}\n{HEAVY}"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == heavy


# Documentation


def documented() -> Iterator[tuple[str, object]]:
    """Everything public that can have a docstring, with its dotted name."""
    for module, names in PUBLIC_NAMES.items():
        package = importlib.import_module(module)
        yield module, package
        for name in names.split():
            value = getattr(package, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                yield f"{module}.{name}", value
            if inspect.isclass(value):
                yield from ((f"{module}.{name}.{member}", content) for member, content in members(value))


def members(kind: type) -> Iterator[tuple[str, object]]:
    """Public methods and properties that a class defines itself."""
    methods = property | classmethod | staticmethod | FunctionType
    for name, content in vars(kind).items():
        if not name.startswith("_") and isinstance(content, methods):
            yield name, content


def test_everything_public_has_a_docstring() -> None:
    found = dict(documented())
    assert len(found) > 80
    bare = [name for name, value in found.items() if not (getattr(value, "__doc__", None) or "").strip()]
    assert bare == []


def test_no_docstring_is_a_generated_signature() -> None:
    found = dict(documented()).items()
    generated = [name for name, value in found if f"{name.split('.')[-1]}(" in str(value.__doc__)[:40]]
    assert generated == []
