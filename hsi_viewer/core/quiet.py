"""Warnings of libraries that do not point to a fault here."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

# catch_warnings changes the state of the whole process: one thread at a time.
_one = threading.Lock()


@contextmanager
def quiet(category: type[Warning], message: str = "") -> Iterator[None]:
    """Keep a warning of a library back while the block runs.

    Parameters
    ----------
    category : of the warning.
    message : a regular expression for how it begins; "" for any.
    """
    with _one, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message, category)
        yield


@contextmanager
def undecodable_passed_over() -> Iterator[None]:
    """Keep back what rasterio prints, and reports to `sys.excepthook`, of messages with odd bytes.

    GDAL quotes damaged text of a file in its messages, which rasterio takes for UTF-8 when it logs
    them. For one thread at a time, as inside of `quiet`.
    """
    hook, unraisable = sys.excepthook, sys.unraisablehook

    def on_error(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        if not issubclass(kind, UnicodeDecodeError):
            hook(kind, error, at)

    def on_unraisable(what: Any) -> None:
        if not issubclass(what.exc_type, UnicodeDecodeError):
            unraisable(what)

    sys.excepthook, sys.unraisablehook = on_error, on_unraisable
    try:
        yield
    finally:
        if sys.excepthook is on_error:
            sys.excepthook = hook
        if sys.unraisablehook is on_unraisable:
            sys.unraisablehook = unraisable
