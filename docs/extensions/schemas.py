"""Every key of options.json and of study files with its meaning, from their JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hdeeprm.options import options_schema
from hdeeprm.studies.file import study_schema

from .markdown import code

LONGEST_LIST = 12
"""How many allowed values, or defaults, are still listed."""

Schema = Mapping[str, Any]


def describe_options() -> str:
    """The keys of options.json, a heading for each section."""
    return describe(options_schema())


def describe_study() -> str:
    """The keys of study files."""
    return describe(study_schema())


def describe(schema: Schema) -> str:
    """All keys of a schema: those of the top first, then section by section.

    Args:
        schema: A JSON Schema whose sections are references into its ``$defs``.
    """
    return "\n".join(_section(schema, schema, ""))


def _section(whole: Schema, section: Schema, path: str) -> Iterator[str]:
    sections = {}
    for key, entry in section["properties"].items():
        if entry.get("deprecated"):
            continue
        inner = _inner_section(whole, entry)
        if inner is not None:
            sections[path + key] = entry, inner
        else:
            yield _key(path + key, entry, key in section.get("required", ()))
    for name, (entry, inner) in sections.items():
        nothing = " Without it there is none." if entry.get("default", "") is None else ""
        about = entry.get("description") or inner.get("description", "")
        yield f"## {name}\n\n{escape(about)}{nothing}\n"
        yield from _section(whole, inner, f"{name}.")


def _inner_section(whole: Schema, entry: Schema) -> Schema | None:
    """The section that an entry refers to, if it is one or may be one."""
    for choice in (entry, *entry.get("anyOf", ())):
        referred: Schema = whole["$defs"].get(choice.get("$ref", "").rpartition("/")[2], {})
        if "properties" in referred:
            return referred
    return None


def _key(path: str, entry: Schema, required: bool) -> str:
    default = "" if required or "default" not in entry else f":default: {_default(entry['default'])}\n"
    examples = [code(json.dumps(example)) for example in entry.get("examples", ())]
    shown = f"\n\nFor example {', '.join(examples)}." if examples else ""
    needed = "\n\nRequired." if required else ""
    about = escape(entry.get("description", ""))
    return f"```{{confval}} {path}\n:type: {_allowed(entry)}\n{default}\n{about}{shown}{needed}\n```\n"


def escape(text: str) -> str:
    """A description without characters that Markdown would take for its own."""
    return text.replace("*", "\\*").replace("<", "\\<").replace("_", "\\_")


def _default(value: object) -> str:
    return (
        f"all {len(value)}"
        if isinstance(value, list) and len(value) > LONGEST_LIST
        else code(json.dumps(value))
    )


def _allowed(entry: Schema) -> str:
    """What a value may be, in a line."""
    if "anyOf" in entry:
        return ", or ".join(dict.fromkeys(map(_allowed, entry["anyOf"])))
    if "const" in entry:
        return code(json.dumps(entry["const"]))
    if len(entry.get("enum", ())) > LONGEST_LIST:
        return f"one of {len(entry['enum'])} names"
    if "enum" in entry:
        return ", ".join(code(json.dumps(value)) for value in entry["enum"])
    kind = {"number": "number", "integer": "integer", "string": "text", "array": "list", "object": "table"}
    return kind.get(entry.get("type", ""), str(entry.get("type", "anything"))) + _bounds(entry)


def _bounds(entry: Schema) -> str:
    words = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    parts = [f"{word} {entry[key]:g}" for key, word in words.items() if key in entry]
    return f" {' and '.join(parts)}" if parts else ""
