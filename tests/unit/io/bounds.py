"""Bounds of what a small file may cost, however damaged it is."""

from __future__ import annotations

import faulthandler
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_SECONDS, MOST_BYTES = 20, 400 << 20  # of the processor: other programs do not lengthen it
# Of each test that damages files at random, the same ones in every run.
FUZZ_ROUNDS = int(os.environ.get("HSI_FUZZ_ROUNDS", "60"))
HANGS = 300  # seconds after which a library will never come back


@contextmanager
def bounded() -> Iterator[None]:
    """Fail where a case takes long or much memory; end the process where a library hangs.

    Memory that is asked for and never written to does not count: to trace each allocation is
    not safe beside the threads of a library, which go on while the tracing stops (Python 3.11).
    """
    faulthandler.dump_traceback_later(HANGS, exit=True)
    with suppress(OSError):  # Linux: what earlier tests took at their most is forgotten
        Path("/proc/self/clear_refs").write_text("5")
    resident, start = _most_resident(), time.process_time()
    try:
        yield
    finally:
        seconds = time.process_time() - start
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
