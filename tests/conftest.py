"""How property tests draw their examples, Ctrl-C, and the SLURM that several modules ask for."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from slurm_cluster import require_slurm, slurm_cluster, use_cluster

# Examples may take as long as a busy machine or the compiler needs. In continuous integration every run draws
# the same ones; elsewhere new ones each time.
slow = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("here", **slow)
settings.register_profile("ci", **slow, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# What a shell starts in its background ignores Ctrl-C, which tests send to themselves and to processes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A real SLURM, for as long as a module needs it: the path of its configuration."""
    require_slurm()
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as configuration:
        yield configuration


@pytest.fixture
def slurm(cluster, monkeypatch):
    """That SLURM is the one that its commands mean."""
    use_cluster(cluster, monkeypatch)
    return cluster
