"""How property tests draw their examples, and the SLURM that several modules ask for."""

import os

import pytest
from hypothesis import settings

from slurm_cluster import require_slurm, slurm_cluster, use_cluster

# In continuous integration every run draws the same examples; elsewhere new ones each time.
settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


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
