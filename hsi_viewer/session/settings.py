"""Settings: what the application remembers between starts, in one JSON file."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hsi_viewer.core.errors import FileError
from hsi_viewer.io.atomic import replacing

log = logging.getLogger(__name__)

MAX_RECENT = 10


class Settings(BaseModel):
    """Preferences and window state; unknown or broken entries fall back to the defaults."""

    model_config = ConfigDict(validate_assignment=True, extra="ignore")

    theme: Literal["system", "light", "dark"] = "system"
    recent_files: list[str] = Field(default_factory=list)
    last_folder: str = ""
    brush_size: int = Field(default=1, ge=1, le=101)
    map_opacity: float = Field(default=0.65, ge=0.0, le=1.0)
    window_geometry: str = ""
    window_state: str = ""

    def add_recent(self, source: str) -> None:
        """Put a file first among the recent ones."""
        self.recent_files = [source, *(f for f in self.recent_files if f != source)][:MAX_RECENT]


def settings_path() -> Path:
    """The file in the user's configuration folder."""
    return Path(platformdirs.user_config_dir("hsi-viewer", appauthor=False)) / "settings.json"


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; a missing or broken file gives defaults, a broken entry its own."""
    path = path or settings_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        log.warning("%s could not be read (%s): defaults are used", path, error)
        return Settings()
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):  # no JSON, a number too long or brackets too deep
        entries = None
    if not isinstance(entries, dict):
        log.warning("%s is no settings file: defaults are used", path)
        return Settings()
    settings = Settings()
    broken = [name for name in entries if not _accepts(settings, name, entries[name])]
    if broken:
        log.warning("%s: the entries %s are not valid and were dropped", path, sorted(broken))
    return settings


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings atomically; a failure is logged, for it must not stop the exit."""
    path = path or settings_path()
    try:
        with replacing(path) as (temporary,):
            # Not pydantic's own JSON: it fails on file names that are not valid Unicode.
            temporary.write_text(json.dumps(settings.model_dump(), indent=1), encoding="utf-8")
    except FileError as error:
        log.warning("The settings were not saved: %s", error)


def _accepts(settings: Settings, name: str, value: Any) -> bool:
    """Set an entry; False if its value is not valid. Unknown entries are passed over."""
    if name not in Settings.model_fields:
        return True
    try:
        setattr(settings, name, value)
    except ValidationError:
        return False
    return True
