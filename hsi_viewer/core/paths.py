"""Where the files of resources/ are, in a checkout and in an installed wheel."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def resource_path(*parts: str) -> Path:
    """Path of a file below resources/.

    Raises
    ------
    FileNotFoundError
        if the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for root in (package / "resources", package.parent / "resources"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    name = "/".join(parts)
    raise FileNotFoundError(f"resources/{name} is missing: reinstall hsi-viewer")


def real_path(path: Path) -> Path:
    """The absolute path without links; one of a link that leads to itself is left in it."""
    return Path(os.path.realpath(path))


VARIABLE = "HSI_VIEWER_DATA"


def data_folder() -> Path:
    """The user's data folder, or the one that HSI_VIEWER_DATA names."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    return Path(platformdirs.user_data_dir("hsi-viewer", appauthor=False))
