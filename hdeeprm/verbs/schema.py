"""``hdeeprm schema``: all options, for editors and other programs."""

from __future__ import annotations

import argparse
import json

HELP = "Print the JSON Schema of options.json."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``hdeeprm schema`` needs nothing."""
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the schema."""
    from hdeeprm.options import options_schema

    print(json.dumps(options_schema(), indent=2))
    return 0
