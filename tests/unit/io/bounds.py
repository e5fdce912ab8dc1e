"""Bounds of what a small file may cost, however damaged it is."""

from __future__ import annotations

import faulthandler
import os
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

# Generous, for a machine that is busy.
MOST_SECONDS, MOST_BYTES = 20, 400 << 20


@contextmanager
def bounded() -> Iterator[None]:
    """Fail where a case takes long or much memory; end the process where a library hangs."""
    faulthandler.dump_traceback_later(5 * MOST_SECONDS, exit=True)
    tracemalloc.start()
    resident, start = _most_resident(), time.monotonic()
    try:
        yield
    finally:
        seconds = time.monotonic() - start
        allocated = tracemalloc.get_traced_memory()[1]  # even where it is never written to
        tracemalloc.stop()
        faulthandler.cancel_dump_traceback_later()
    assert seconds < MOST_SECONDS
    assert allocated < MOST_BYTES
    assert _most_resident() - resident < MOST_BYTES


def _most_resident() -> int:
    """Most memory that the process has had, libraries included, where the system tells."""
    if os.name == "nt":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
