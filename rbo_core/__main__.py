"""Entry point of ``python -m rbo_core``."""

import sys

from rbo_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
