"""Remedies: what a message about a file advises, as buttons."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hsi_viewer.ui.widgets.choice import Choice

MOST = 3


def array_choices(text: str, path: Path, reopen: Callable[[str], None]) -> tuple[Choice, ...]:
    """Buttons that open the arrays that a message names as "file.mat:name"."""
    named = re.findall(rf'"{re.escape(path.name)}:([^"]+)"', text)
    names = [name for name in dict.fromkeys(named) if name != "NAME"][:MOST]  # NAME: any of them
    return tuple(Choice(f"Open {name}", partial(reopen, f"{path}:{name}")) for name in names)
