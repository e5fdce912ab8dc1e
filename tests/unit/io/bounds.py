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
def bounded(most_allocated: int = MOST_BYTES) -> Iterator[None]:
    """Fail where a case takes long or much memory; end the process where a library hangs.

    Parameters
    ----------
    most_allocated : bytes that may be asked for, those that are never written to included.
    """
    faulthandler.dump_traceback_later(5 * MOST_SECONDS, exit=True)
    tracemalloc.start()
    resident, start = _most_resident(), time.monotonic()
    try:
        yield
    finally:
        seconds = time.monotonic() - start
        allocated = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        faulthandler.cancel_dump_traceback_later()
    assert seconds < MOST_SECONDS
    assert allocated < most_allocated
    assert _most_resident() - resident < MOST_BYTES


def _most_resident() -> int:
    """Most memory that the process has had, libraries included, where the system tells."""
    if os.name == "nt":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
