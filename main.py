"""Start HSI Viewer: python main.py [CUBE], the same as hsi-viewer."""

import sys

from hsi_viewer.cli import main

if __name__ == "__main__":
    sys.exit(main())
