"""Bounds of what a small file may cost, however damaged it is."""

from __future__ import annotations

import faulthandler
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Generous, for a machine that is busy.
MOST_SECONDS, MOST_BYTES = 20, 400 << 20


@contextmanager
def bounded() -> Iterator[None]:
    """Fail where a case takes long or much memory; end the process where a library hangs.

    Memory that is asked for and never written to does not count: to trace each allocation is
    not safe beside the threads of a library, which go on while the tracing stops (Python 3.11).
    """
    faulthandler.dump_traceback_later(5 * MOST_SECONDS, exit=True)
    with suppress(OSError):  # Linux: what earlier tests took at their most is forgotten
        Path("/proc/self/clear_refs").write_text("5")
    resident, start = _most_resident(), time.monotonic()
    try:
        yield
    finally:
        seconds = time.monotonic() - start
        faulthandler.cancel_dump_traceback_later()
    assert seconds < MOST_SECONDS
    assert _most_resident() - resident < MOST_BYTES


def _most_resident() -> int:
    """Most memory that the process has had, libraries included, where the system tells."""
    if os.name == "nt":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
