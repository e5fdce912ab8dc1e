"""Warnings of libraries that do not point to a fault here."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

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
