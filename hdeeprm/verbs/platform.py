"""``hdeeprm platform``: what a platform is made of."""

from __future__ import annotations

import argparse

HELP = "Show a platform: hierarchy, totals, GFLOPS, watts, P-states."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm platform`` is called with."""
    parser.add_argument(
        "platform", metavar="NAME", help="a shipped platform such as gaia, or a platform file"
    )
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the platform."""
    from rich.console import Console

    from hdeeprm.platform_summary import show_platform
    from hdeeprm.platforms import load_platform

    show_platform(load_platform(chosen.platform), Console())
    return 0
