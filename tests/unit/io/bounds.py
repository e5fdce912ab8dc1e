"""Bounds of what a small file may cost, however damaged it is."""

from __future__ import annotations

import faulthandler
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_SECONDS, MOST_BYTES = 20, 400 << 20  # of the processor: other programs do not lengthen it
# Of each test that damages files at random, the same ones in every run; `make bench` has many.
FUZZ_ROUNDS = int(os.environ.get("HSI_FUZZ_ROUNDS", "20"))
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


def allocated_at_most(setting: str, call: str) -> tuple[list[str], int]:
    """What a call prints, and the most bytes that it has at a time, in a process of its own.

    Each allocation counts, written to or not. The resident memory of a process that has just
    begun tells nothing below that of the process that started it: Linux takes that over.

    Parameters
    ----------
    setting : statements before, such as imports.
    call : statements that are watched.
    """
    script = "\n".join((
        textwrap.dedent(setting),
        "import tracemalloc",
        "tracemalloc.start()",
        textwrap.dedent(call),
        "print(tracemalloc.get_traced_memory()[1])",
    ))  # fmt: skip
    *lines, most = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    ).stdout.splitlines()
    return lines, int(most)


def _most_resident() -> int:
    """Most memory that the process has had, libraries included, where the system tells."""
    if os.name == "nt":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
