"""The command line: hsi-viewer open, info, classify, apply and more.

Nothing slow is imported here: `hsi-viewer CUBE` must show its window at once.
"""

from hsi_viewer.cli.program import main

__all__ = ["main"]
