"""Parsing of a platform file, and the elements and attributes that it may hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hdeeprm.errors import PlatformError, did_you_mean, not_installed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_DEPTH = 64
"""Zones in zones; real files have four or five."""
MAX_PROBLEMS = 20
"""Problems that a message lists; a wrong habit of a generated file is on every line."""

SAME_AS = {"AS": "zone", "ASroute": "zoneRoute"}
"""Old names of elements, and the new ones."""


class Form(NamedTuple):
    """What an element needs, may have, and may hold."""

    needed: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()


def _form(needed: str = "", allowed: str = "", children: str = "") -> Form:
    return Form(frozenset(needed.split()), frozenset(allowed.split()), frozenset(children.split()))


FORMS = {
    "platform": _form("version", "", "config zone cluster"),
    "config": _form("", "id", "prop"),
    "zone": _form(
        "id routing",
        "",
        "prop zone cluster host router link backbone cabinet host_link route zoneRoute",
    ),
    "host": _form("id speed", "core pstate coordinates", "prop"),
    "router": _form("id", "coordinates"),
    "cluster": _form(
        "id prefix suffix radical speed bw lat",
        "core sharing_policy topology topo_parameters bb_bw bb_lat bb_sharing_policy router_id limiter_link "
        "loopback_bw loopback_lat",
        "prop",
    ),
    "cabinet": _form("id prefix suffix radical speed bw lat"),
    "link": _form("id bandwidth", "latency sharing_policy", "prop"),
    "backbone": _form("id bandwidth latency"),
    "host_link": _form("id up down"),
    "route": _form("src dst", "symmetrical", "link_ctn"),
    "zoneRoute": _form("src dst gw_src gw_dst", "symmetrical", "link_ctn"),
    "link_ctn": _form("id", "direction"),
    "prop": _form("id value"),
}

PROFILES = ["speed_file", "availability_file", "state_file", "bandwidth_file", "latency_file"]
"""Attributes that make a resource change by a recorded profile."""


def load(path: Path) -> Element:
    """Root of a platform file that is well-formed, harmless and of a known version.

    A document type is read over and never fetched; entities are refused.

    Raises:
        PlatformError: If it can't be read or holds anything that the project doesn't know.
        DependencyNotInstalled: If the parser is missing.
    """
    root = _parse(path)
    if root.tag != "platform":
        raise PlatformError(
            f"{path}: the root is <{root.tag}>; a SimGrid platform file starts with <platform>."
        )
    if root.get("version") not in ("4", "4.0", "4.1"):
        raise PlatformError(
            f"{path}: version is {root.get('version')!r}; 4 and 4.1 are read. "
            "SimGrid's simgrid_update_xml brings older files up to date."
        )
    for element in root.iter():
        element.tag = SAME_AS.get(element.tag, element.tag)
    report(path, _strangers(root))
    return root


def report(path: Path, problems: Iterable[str]) -> None:
    """Raise one error for all problems, each told once, if there are any.

    Raises:
        PlatformError: With one line for each, up to a number of lines.
    """
    lines = [f"{path}: {problem}" for problem in dict.fromkeys(problems)]
    if len(lines) > MAX_PROBLEMS:
        lines[MAX_PROBLEMS:] = [f"{path}: and {len(lines) - MAX_PROBLEMS} more problems."]
    if lines:
        raise PlatformError("\n".join(lines))


def title(element: Element) -> str:
    """How a message names an element."""
    ends = element.get("src"), element.get("dst")
    if None not in ends:
        return f"{element.tag} from {ends[0]!r} to {ends[1]!r}"
    return f"{element.tag} {element.get('id')!r}" if "id" in element.attrib else str(element.tag)


def _parse(path: Path) -> Element:
    try:
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import ParseError, parse
    except ImportError as error:
        raise not_installed("reading a SimGrid platform file", "defusedxml", "batsim") from error
    if not path.is_file():
        kind = "no regular file" if path.exists() else "no such file"
        raise PlatformError(f"{path}: {kind}. Give the XML file of a SimGrid platform.")
    try:
        root = parse(path).getroot()
    except DefusedXmlException as error:
        raise PlatformError(
            f"{path}: entities are not allowed in a platform file ({error}). Write their content out."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise PlatformError(f"{path}: not XML: {error}.") from error
    except OSError as error:
        raise PlatformError(f"{path}: can't be read: {error.strerror}.") from error
    assert root is not None, "what is well-formed has a root"
    return root


def _strangers(root: Element) -> Iterator[str]:
    """Elements and attributes that the project doesn't know, or that are missing."""
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        if depth > MAX_DEPTH:
            yield f"{title(element)}: zones are nested more than {MAX_DEPTH} deep."
            return
        yield from _attribute_problems(element)
        known = FORMS[element.tag].children
        yield from (_refusal(child, element) for child in element if child.tag not in known)
        waiting += [(child, depth + 1) for child in reversed(element) if child.tag in known]


def _refusal(child: Element, parent: Element) -> str:
    allowed = sorted(FORMS[parent.tag].children)
    if not allowed:
        return f"{title(child)} in {title(parent)} is not supported; nothing can be in there. Remove it."
    return (
        f"{title(child)} in {title(parent)} is not supported.{did_you_mean(str(child.tag), allowed)} "
        f"Supported there: {', '.join(allowed)}."
    )


def _attribute_problems(element: Element) -> Iterator[str]:
    form = FORMS[element.tag]
    for name in sorted(form.needed - set(element.keys())):
        yield f"{title(element)}: {name} is missing; add it."
    for name in sorted(set(element.keys()) - form.needed - form.allowed):
        if name in PROFILES:
            if element.get(name):
                yield f"{title(element)}: {name} is not supported: figures stay what they are. Remove it."
        else:
            known = sorted(form.needed | form.allowed)
            yield (
                f"{title(element)}: {name} is not supported.{did_you_mean(name, known)} "
                f"Supported: {', '.join(known)}."
            )
