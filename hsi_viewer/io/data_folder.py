"""Where the application keeps what it must not lose."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VARIABLE = "HSI_VIEWER_DATA"


def data_folder() -> Path:
    """The user's data folder, or the one that HSI_VIEWER_DATA names."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    return Path(platformdirs.user_data_dir("hsi-viewer", appauthor=False))
