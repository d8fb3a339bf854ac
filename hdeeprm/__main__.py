"""``python -m hdeeprm``."""

import sys

from hdeeprm.cli import main

if __name__ == "__main__":
    sys.exit(main())
