"""The command line as its own help tells it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial

from hdeeprm.cli import VERBS, Verb
from hdeeprm.dropin import cli as drop_in

from .markdown import block

WIDTH = 84  # characters of a line


def describe_commands() -> str:
    """All verbs of ``hdeeprm``, a heading for each."""
    parts = []
    for name, verb in VERBS.items():
        parts.append(f"## hdeeprm {name}\n")
        parts += [block(_help(parser)) for parser in _with_sub_commands(_parser(f"hdeeprm {name}", verb))]
    return "\n\n".join(parts)


def describe_drop_in() -> str:
    """The help of ``hdeeprm-batsim``."""
    return block(_help(_parser("hdeeprm-batsim", drop_in)))


def _parser(prog: str, verb: Verb) -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog=prog, description=verb.HELP, formatter_class=form)
    verb.add_arguments(parser)
    return parser


def _with_sub_commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


def _help(parser: argparse.ArgumentParser) -> str:
    parser.formatter_class = partial(parser.formatter_class, width=WIDTH)  # type: ignore[call-arg]
    return parser.format_help()
