"""When Python looks for garbage: not while much is made that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect no garbage meanwhile, and never again look through what there is at the end.

    Modules and the window stay for ever, and looking through them, again and again while they
    grow, takes a tenth of the start, and longer at once than the interface may wait. What is
    freed by counting references, as documents are, is freed as before. After an error or a cancel
    nothing is set aside: what was to stay may be on its way out.
    """
    gc.disable()
    try:
        yield
        _Frozen.by_us = True
        gc.freeze()
    finally:
        gc.enable()


class _Frozen:
    """Whether what the collector passes over was set aside here."""

    by_us = False


def allow_collection() -> None:
    """Let the collector look again through what was set aside here."""
    if _Frozen.by_us:
        _Frozen.by_us = False
        gc.unfreeze()
