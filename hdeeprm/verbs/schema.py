"""``hdeeprm schema``: all options, for editors and other programs."""

from __future__ import annotations

import argparse
import json

HELP = "Print the JSON Schema of options.json, or of study files."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose schema is wanted."""
    parser.add_argument("--study", action="store_true", help="of study files instead of options.json")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the schema."""
    if chosen.study:
        from hdeeprm.studies.file import study_schema as schema
    else:
        from hdeeprm.options import options_schema as schema
    print(json.dumps(schema(), indent=2))
    return 0
