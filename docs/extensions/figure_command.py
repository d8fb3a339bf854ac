"""The directives ``figure-command`` and ``command-output``: what a command makes or prints during the build.

    ```{figure-command} hdeeprm-visual gantt runs/fcfs -s gantt.svg
    :alt: Jobs as rectangles, time to the right, cores upwards
    ```

All commands in bash of the page have run before, in a folder with the README's options.json and the
examples; or the lines of the directive's content instead, where it has any. The command is shown too.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.fileutil import copy_asset_file
from sphinx.util.typing import ExtensionMetadata, OptionSpec

from .workspace import commands_of, make_file, open_cache, read_output

FIGURES = Path("_build", "figures")  # in the folder of the documentation; ignored by git
PICTURES = (".svg", ".png")
PAGES = "_pages"
"""Where whole pages that commands make are put on the site."""


class Command(SphinxDirective):
    """A command that runs during the build."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    @property
    def command(self) -> str:
        """The command."""
        return str(self.arguments[0])

    @property
    def set_up(self) -> tuple[str, ...]:
        """The commands that run before."""
        own = tuple(line for line in self.content if line.strip())
        return own or commands_of(Path(self.env.doc2path(self.env.docname)).read_text("utf-8"))

    @property
    def cache(self) -> Path:
        """Folder of what was made."""
        self.env.note_reread()  # the sources may be others next time
        return open_cache(Path(self.env.srcdir) / FIGURES)


class FigureCommand(Command):
    """A figure by the command that makes it; a page in HTML becomes a link to it."""

    option_spec: ClassVar[OptionSpec] = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Make the file, and what shows it."""
        if "alt" not in self.options:
            raise self.error("a figure needs :alt:, which tells what is to be seen")
        name = output_of(self.command)
        made = make_file(self.set_up, self.command, name, self.cache)
        shown = self._picture(made) if made.suffix in PICTURES else self._link(made, name)
        figure = nodes.figure("", shown, classes=["made-by-command"])
        figure += nodes.caption("", "", nodes.literal(self.command, self.command))
        return [figure]

    def _picture(self, made: Path) -> nodes.Node:
        where = f"/{made.relative_to(self.env.srcdir).as_posix()}"
        return nodes.image(uri=where, alt=self.options["alt"], candidates={"*": where})

    def _link(self, made: Path, name: str) -> nodes.Node:
        folder = Path(self.env.app.outdir, PAGES)
        folder.mkdir(parents=True, exist_ok=True)
        copy_asset_file(made, folder / name, force=True)
        address = f"{'../' * self.env.docname.count('/')}{PAGES}/{name}"
        return nodes.paragraph(
            "", "", nodes.reference("", self.options["alt"], refuri=address, internal=False)
        )


class CommandOutput(Command):
    """What a command prints, beneath the command."""

    def run(self) -> list[nodes.Node]:
        """Run it, and show both."""
        printed = read_output(self.set_up, self.command, self.cache).rstrip()
        command = nodes.literal_block(self.command, self.command, language="bash")
        output = nodes.literal_block(printed, printed, language="text", classes=["command-output"])
        return [command, output]


def output_of(command: str) -> str:
    """The file that a command is told to write.

    Raises:
        ExtensionError: If it is told none.
    """
    words = shlex.split(command)
    for option in ("-s", "-o"):
        if option in words[:-1]:
            return words[words.index(option) + 1]
    raise ExtensionError(f"{command!r} is told to write no file; give one by -s or -o")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Let Sphinx know."""
    app.add_directive("figure-command", FigureCommand)
    app.add_directive("command-output", CommandOutput)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
