"""The log file in the user's own folder."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

import platformdirs

log = logging.getLogger(__name__)


def log_path() -> Path:
    """Where it is."""
    return Path(platformdirs.user_log_dir("hsi-viewer", appauthor=False)) / "hsi-viewer.log"


def log_to_file() -> None:
    """Write warnings and errors to the log file, once; without a place to write, to none."""
    root = logging.getLogger("hsi_viewer")
    if any(isinstance(h, logging.handlers.RotatingFileHandler) for h in root.handlers):
        return
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=1_000_000, backupCount=1, delay=True, encoding="utf-8"
        )
    except OSError as error:
        log.warning("No log file: %s", str(error))
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
