"""The command line: hsi-viewer open, info, classify, apply and more.

Nothing slow is imported here: `hsi-viewer CUBE` must show its window at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status; Ctrl+C may come before the commands are loaded."""
    try:
        from hsi_viewer.cli.program import main as run
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("hsi-viewer: interrupted\n")
        return 130  # as `streams` has it, which isn't loaded yet
    return run(arguments)


__all__ = ["main"]
