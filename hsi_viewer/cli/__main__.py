"""`python -m hsi_viewer.cli` is the program hsi-viewer."""

import sys

from hsi_viewer.cli import main

if __name__ == "__main__":
    sys.exit(main())
