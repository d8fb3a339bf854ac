"""``hdeeprm versions``: what results depend on."""

from __future__ import annotations

import argparse
import json

HELP = "Print the versions that results depend on, as JSON."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``hdeeprm versions`` needs nothing."""
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the versions."""
    from hdeeprm.results.versions import versions

    print(json.dumps(versions(), indent=2))
    return 0
