"""How property tests draw their examples."""

import os

from hypothesis import settings

# In continuous integration every run draws the same examples; elsewhere new ones each time.
settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
