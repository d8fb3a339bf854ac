"""Packages that studies need and that HDeepRM installs only where they are asked for."""

from __future__ import annotations

from types import ModuleType

from hdeeprm.errors import DependencyNotInstalled


def load_optuna() -> ModuleType:
    """Optuna, loaded.

    Raises:
        DependencyNotInstalled: If it is missing.
    """
    try:
        import optuna
    except ImportError as error:
        raise DependencyNotInstalled('studies need optuna: pip install "hdeeprm[study]"') from error
    return optuna
