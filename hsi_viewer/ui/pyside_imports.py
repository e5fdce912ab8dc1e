"""Imports beside PySide6 without its habit of reading the source of every module."""

from __future__ import annotations

import contextlib
from importlib import import_module
from typing import Any


def read_no_sources() -> None:
    """Keep PySide6 from looking through the source of each module that is imported.

    It looks for uses of itself, to know where ``from __feature__ import`` may matter, which
    nobody here does. With torch that is a second, and 80 MB of text that stays in `linecache`.
    """
    with contextlib.suppress(ImportError):  # another PySide6 may do otherwise
        import_module("PySide6.QtCore")
        feature: Any = import_module("shibokensupport.feature")
        if hasattr(feature, "_mod_uses_pyside"):
            feature._mod_uses_pyside = lambda _module: False
