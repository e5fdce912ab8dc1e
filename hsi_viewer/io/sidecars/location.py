"""Location of the sidecar of a data file: beside it, or in the user's data folder.

The second is for files in folders that cannot be written to, such as archives and shared drives.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from hsi_viewer.core.paths import data_folder

SUFFIX = ".hsi.json"
LONGEST_NAME = 100

_known: set[str] | None = None  # names in the user's folder, listed once a process


def beside(data: Path) -> Path:
    """The sidecar beside a data file, whether it exists or not."""
    return data.with_name(data.name + SUFFIX)


def elsewhere(data: Path) -> Path:
    """The sidecar in the user's data folder, whether it exists or not.

    Its name goes by the path and the size of the data: another file in their place is another.

    Raises
    ------
    OSError
        if the data are not there.
    """
    about = f"{data.absolute()}\0{data.stat().st_size}"
    mark = hashlib.sha256(about.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return data_folder() / "sidecars" / f"{data.name[:LONGEST_NAME]}-{mark}{SUFFIX}"


def has_sidecar(data: Path) -> bool:
    """Whether a data file has a sidecar; asked at each opening."""
    # where there is none: a sixth of the time that Path takes
    return os.access(f"{data}{SUFFIX}", os.F_OK) or _is_elsewhere(data)


def present(data: Path) -> Path | None:
    """The sidecar that a data file has, the one beside it first; None if it has none."""
    if beside(data).is_file():
        return beside(data)
    return elsewhere(data) if _is_elsewhere(data) else None


def remember(sidecar: Path) -> None:
    """Note that a sidecar was written to the user's data folder."""
    _names().add(sidecar.name)


def forget(data: Path) -> None:
    """Delete what sidecars a data file has."""
    beside(data).unlink(missing_ok=True)
    forget_elsewhere(data)


def forget_elsewhere(data: Path) -> None:
    """Delete the sidecar in the user's data folder, if there is one."""
    if _is_elsewhere(data):
        with suppress(OSError):
            elsewhere(data).unlink(missing_ok=True)
        _names().discard(elsewhere(data).name)


def _is_elsewhere(data: Path) -> bool:
    names = _names()
    if not names:
        return False
    with suppress(OSError):
        return elsewhere(data).name in names
    return False


def _names() -> set[str]:
    global _known
    if _known is None:
        _known = set()
        with suppress(OSError):
            _known.update(path.name for path in (data_folder() / "sidecars").iterdir())
    return _known
