"""Errors in event handlers and painters: reported here, because Qt must not see them.

Where Python code that Qt calls raises, Qt continues with an error pending; when it calls Python
again before the error is raised, as painting does for each item, the process may end with a
segmentation fault.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)

HANDLERS = ("paint", "eventFilter")  # and all whose names end with "Event"


def reports_errors(cls: Class) -> Class:
    """A class whose own event handlers and painters never raise.

    What they raise goes to `sys.excepthook`, which logs it and tells the user; a filter has not
    taken its event then.
    """
    for name, method in list(vars(cls).items()):
        if name in HANDLERS or (name.endswith("Event") and not name.startswith("_")):
            setattr(cls, name, _reporting(method))
    return cls


def _reporting(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def handle(self: Any, *args: Any) -> Any:
        try:
            return method(self, *args)
        except Exception:  # noqa: BLE001 - reported by the hook
            sys.excepthook(*sys.exc_info())
            return False if method.__name__ == "eventFilter" else None

    return handle
