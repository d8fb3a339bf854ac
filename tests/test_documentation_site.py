"""The documentation site: generated parts say what the code says, and it builds without a warning."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numba
import pytest

from hdeeprm.cli import VERBS
from hdeeprm.metrics import METRICS
from hdeeprm.options import OBJECTIVES, OBSERVATION_NAMES, Options, options_schema
from hdeeprm.selections import ActionTable
from test_public_api import PUBLIC_NAMES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
LIBRARIES = ("sphinx", "furo", "myst_parser", "sphinx_copybutton", "matplotlib", "torch", "optuna")


def need_sphinx() -> None:
    for library in LIBRARIES:
        try:
            pytest.importorskip(library)
        except pytest.skip.Exception as missing:
            if "HDEEPRM_CI" in os.environ:
                pytest.fail(str(missing), pytrace=False)
            raise


@pytest.fixture(autouse=True)
def extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    need_sphinx()
    monkeypatch.syspath_prepend(DOCS)


# Generated parts


def option_paths(section: type, path: str = "") -> list[str]:
    """Dotted names of all options, sections opened."""
    found = []
    for name, field in section.model_fields.items():
        inner = [
            one
            for one in (field.annotation, *getattr(field.annotation, "__args__", ()))
            if hasattr(one, "model_fields")
        ]
        found += option_paths(inner[0], f"{path}{name}.") if inner else [path + name]
    return found


def test_every_option_is_described_once() -> None:
    from extensions.schemas import describe_options

    text = describe_options()
    described = re.findall(r"^```\{confval\} (\S+)$", text, re.MULTILINE)
    assert sorted(described) == sorted(option_paths(Options))
    assert "policy_pair" not in text and "pybatsim" not in described


def test_an_option_has_type_default_and_meaning() -> None:
    from extensions.schemas import describe

    schema = {
        "properties": {
            "share": {
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": 1,
                "default": 0.5,
                "description": "A <part>.",
            },
            "name": {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}], "description": "Who."},
            "inner": {"$ref": "#/$defs/Inner", "default": None},
        },
        "required": ["name"],
        "$defs": {
            "Inner": {"description": "More.", "properties": {"on": {"type": "boolean", "default": True}}}
        },
    }
    assert describe(schema).split("\n```\n") == [
        "```{confval} share\n:type: number above 0 and at most 1\n:default: `0.5`\n\nA \\<part>.",
        '\n```{confval} name\n:type: `"a"`, `"b"`, or null\n\nWho.\n\nRequired.',
        "\n## inner\n\nMore. Without it there is none.\n"
        "\n```{confval} inner.on\n:type: boolean\n:default: `true`\n\n",
        "",
    ]


def test_every_section_of_the_schema_is_a_heading() -> None:
    from extensions.schemas import describe_options, describe_study

    headings = set(re.findall(r"^## (.+)$", describe_options(), re.MULTILINE))
    inner = {"env.actions", "training.pretrain", "workload.window"}
    assert headings == {"agent", "env", "queue", "simulator", "training", "workload", *inner}
    assert set(options_schema()["properties"]) >= {name for name in headings if "." not in name}
    assert "```{confval} metric" in describe_study()


def test_every_metric_is_in_the_table() -> None:
    from extensions.metrics import list_metrics

    table, _, sources = list_metrics().partition("\n\nSources:")
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    assert [row[0].strip("| `") for row in rows] == list(METRICS)
    assert all(METRICS[row[0].strip("| `")].definition == row[2] for row in rows)
    assert "* Gonzalez & Horowitz 1996, Energy dissipation" in sources
    assert rows[-1][3] == "Gonzalez & Horowitz 1996 |"


def test_numbers_of_pairs_are_those_of_the_action_table() -> None:
    from extensions.selections import list_pairs

    header, _, *rows, _, void = list_pairs().splitlines()
    cores = re.findall(r"`(\w+)`", header)
    names = ActionTable.all().names
    for row in rows:
        job, *numbers = re.findall(r"\w+", row)
        assert [names[int(number)] for number in numbers] == [f"{job}-{core}" for core in cores]
    assert void == "`void` is action 36."


def test_selections_are_described() -> None:
    from extensions.selections import list_core_selections, list_job_selections

    assert "| `shortest` | The job with the least requested time. |" in list_job_selections().splitlines()
    assert "| `high_flops` | The name that HDeepRM 0.2 had for `high_gflops`. |" in list_core_selections()


def test_sizes_of_observations() -> None:
    from extensions.observations import list_observation_sizes

    _, _, *rows = list_observation_sizes("learning", "gaia").splitlines()
    assert [re.findall(r"[\w,]+", row)[0] for row in rows] == list(OBSERVATION_NAMES)
    assert (
        rows[0] == "| `normal` | 36 | 7,356 |"
    )  # 1 node, 2 processors, 3 values of 4 cores, 21 of the queue


def test_every_objective_is_in_the_quoted_table() -> None:
    from extensions.docstrings import quote_docstring

    text = quote_docstring("hdeeprm.env.WorkloadManagementEnv", "Reward")
    assert re.findall(r"^(\w+)  ", text, re.MULTILINE) == ["objective", *OBJECTIVES]
    assert "Episode" not in text
    assert not re.search(r"  - ", text)  # would become a list in a cell


def test_every_verb_is_described() -> None:
    from extensions.commands import describe_commands

    text = describe_commands()
    assert re.findall(r"^## hdeeprm (\w+)$", text, re.MULTILINE) == list(VERBS)
    assert "usage: hdeeprm study plot" in text


def test_every_part_of_the_package_is_in_the_table_of_layers() -> None:
    from extensions.source_tree import list_layers

    listed = set(re.findall(r"`hdeeprm/(\w+)", list_layers()))
    folder = ROOT / "hdeeprm"
    there = {
        path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert there - listed == {"__init__", "__main__"}


def test_an_unknown_part_is_named_with_the_nearest() -> None:
    from extensions.generated import fill
    from sphinx.errors import ExtensionError

    assert fill("page", "before\n<!-- generated: metrics -->\nafter").count("\n") > len(METRICS)
    with pytest.raises(
        ExtensionError, match=r"page: no part 'metric' is generated.*Did you mean 'metrics'\?"
    ):
        fill("page", "<!-- generated: metric -->")


def test_a_missing_part_of_a_docstring_is_an_error() -> None:
    from extensions.docstrings import quote_docstring
    from sphinx.errors import ExtensionError

    with pytest.raises(ExtensionError, match="no part that begins with"):
        quote_docstring("hdeeprm.env.WorkloadManagementEnv", "Nothing")


def test_every_public_module_is_described() -> None:
    text = (DOCS / "reference" / "api.md").read_text("utf-8")
    described = set(re.findall(r"<!-- generated: api (\S+) -->", text))
    assert set(PUBLIC_NAMES) - described == {"hdeeprm"}  # whose names have a table


def test_an_api_page_names_what_is_public() -> None:
    from extensions.api import describe_module

    text = describe_module("hdeeprm.env")
    described = re.findall(r"^\.\. auto(?:class|function|data):: hdeeprm\.env\.(\w+)$", text, re.MULTILINE)
    assert described == sorted(PUBLIC_NAMES["hdeeprm.env"].split())
    assert "register_observation" not in describe_module("hdeeprm.env", "EnvironmentSnapshot")


def test_a_constant_is_not_described_by_its_type() -> None:
    from extensions.api import drop_docstring_of_type

    own, of_type = ["Names of figures."], (tuple.__doc__ or "").splitlines()
    for what, lines in (("data", own), ("class", list(of_type)), ("data", of_type)):
        drop_docstring_of_type(None, what, "NAMES", ("a", "b"), None, lines)  # type: ignore[arg-type]
    assert own == ["Names of figures."] and of_type == []


def test_what_scrolls_can_be_reached_by_keys() -> None:
    from extensions.accessibility import level_headings, reach_what_scrolls

    page = '<pre>long</pre><div class="table-wrapper docutils container"><table></table></div><p>prefix</p>'
    assert reach_what_scrolls(page) == (
        '<pre tabindex="0">long</pre><div class="table-wrapper docutils container" tabindex="0">'
        "<table></table></div><p>prefix</p>"
    )
    assert level_headings('<p role="heading">') == '<p role="heading" aria-level="2">'


# Figures by commands


def test_commands_of_a_page() -> None:
    from extensions.workspace import commands_of

    page = (
        "```bash\npip install x\none 1\n```\n\n```json\n{}\n```\n\n```bash torch\ntwo\n```\n```sh\nno\n```\n"
    )
    assert commands_of(page) == ("one 1", "two")


def test_a_file_is_made_once(tmp_path: Path) -> None:
    from extensions.workspace import make_file, read_output

    count = f"{sys.executable} -c \"open('runs', 'a').write('x'); print('done')\""
    first = make_file([], count, "runs", tmp_path)
    assert make_file([], count, "runs", tmp_path) == first
    assert first.read_text("utf-8") == "x"
    assert read_output([count], f"{sys.executable} -c \"print(open('runs').read())\"", tmp_path) == "x\n"


def test_what_other_sources_made_is_removed(tmp_path: Path) -> None:
    from extensions.workspace import open_cache

    (tmp_path / "figures" / "older").mkdir(parents=True)
    cache = open_cache(tmp_path / "figures")
    (cache / "kept").touch()
    assert open_cache(tmp_path / "figures") == cache
    assert [path.name for path in cache.parent.iterdir()] == [cache.name]
    assert (cache / "kept").exists()


def test_a_command_that_fails_stops_the_build(tmp_path: Path) -> None:
    from extensions.workspace import make_file
    from sphinx.errors import ExtensionError

    with pytest.raises(ExtensionError, match=r"hdeeprm schema --sudy' ended with status 2:\n(.|\n)*--sudy"):
        make_file([], "hdeeprm schema --sudy", "out.svg", tmp_path)
    with pytest.raises(ExtensionError, match=r"wrote no out\.svg"):
        make_file([], "hdeeprm --version", "out.svg", tmp_path)


def test_a_figure_needs_a_file() -> None:
    from extensions.figure_command import output_of
    from sphinx.errors import ExtensionError

    assert output_of("hdeeprm-visual gantt run -s 'my gantt.svg'") == "my gantt.svg"
    with pytest.raises(ExtensionError, match="told to write no file"):
        output_of("hdeeprm-visual gantt run")


def test_every_figure_of_the_command_is_in_the_gallery() -> None:
    from hdeeprm.plots.kinds import KINDS

    text = (DOCS / "gallery.md").read_text("utf-8")
    headings = re.findall(r"^## (\w+)$", text, re.MULTILINE)
    assert sorted(headings) == sorted(KINDS)
    assert re.findall(r"\{figure-command\} hdeeprm-visual (\w+)", text) == headings


# Pages


def test_links_of_pages_work_without_the_site() -> None:
    links = 0
    for page in [ROOT / "README.md", *PAGES]:
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
            if not link.startswith(("http", "#")):
                links += 1
                assert (page.parent / link.partition("#")[0]).exists(), f"{page.name}: {link}"
    assert links > 80


class Site(HTMLParser):
    """What one page of the site refers to, and its headings and pictures."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.without_alt: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        self.addresses += [found[name] or "" for name in ("src", "href") if name in found]
        if tag == "img" and not found.get("alt"):
            self.without_alt.append(found.get("src") or "")


@pytest.mark.slow
@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="its figures would be simulated uncompiled, for minutes")
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(site)]
    done = subprocess.run([*command, "-d", str(tmp_path / "trees")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    pages = {path: Site(path) for path in site.rglob("*.html") if "_pages" not in path.parts}
    assert len(pages) > len(PAGES)
    for path, page in pages.items():
        assert not page.without_alt, path
        for address in page.addresses:
            where, _, anchor = address.partition("#")
            if not re.match(r"[a-z]+:", address) and where:
                target = (path.parent / where.partition("?")[0]).resolve()
                assert target.exists(), f"{path.name}: {address}"
                if anchor and target in pages:
                    assert anchor in pages[target].ids, f"{path.name}: {address}"
            assert not address.startswith("//"), f"{path.name} loads {address}"
    inventory = json.dumps(sorted(str(path.relative_to(site)) for path in (site / "_images").iterdir()))
    assert inventory.count(".svg") > 20
