"""How Sphinx builds this site: ``nox -s docs``, or ``sphinx-build -W docs docs/_build/html``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import hdeeprm

project = "HDeepRM"
author = "The HDeepRM developers"
project_copyright = author
release = version = hdeeprm.__version__

extensions = [
    "extensions.accessibility",
    "extensions.figure_command",
    "extensions.generated",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "extensions"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
autodoc_type_aliases = {name: name for name in ("BoolArray", "FloatArray", "IntArray", "Mask", "Observation")}
autodoc_typehints_format = "short"
python_display_short_literal_types = True
add_module_names = False

html_theme = "furo"
html_title = f"HDeepRM {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
