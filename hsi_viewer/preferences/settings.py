"""Settings: what the application remembers between starts, in one JSON file."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import platformdirs

from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.training import Device

log = logging.getLogger(__name__)

MAX_RECENT = 10
MAX_PRESETS = 50


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_shortcuts(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _is_text(command) and isinstance(keys, list) and all(_is_text(k) for k in keys)
        for command, keys in value.items()
    )


def _is_preset(value: Any) -> bool:
    """Whether this is a name and three wavelengths in nm."""
    return (
        isinstance(value, list)
        and len(value) == 4
        and _is_text(value[0])
        and bool(value[0].strip())
        and all(type(v) in (int, float) and 0 < v < 1e6 for v in value[1:])
    )


def _is_percent(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(v) in (int, float) for v in value)
        and 0 <= value[0] < value[1] <= 100
    )


# By hand: pydantic would take a tenth of the time from start to window.
VALID: dict[str, Callable[[Any], bool]] = {
    "theme": lambda v: v in ("system", "light", "dark"),
    "text_percent": lambda v: type(v) is int and 80 <= v <= 200,
    "device": lambda v: v in ("auto", "cpu", "cuda", "mps"),
    "classifier": _is_text,
    "recent_files": lambda v: isinstance(v, list) and all(_is_text(f) for f in v),
    "last_folder": _is_text,
    "brush_size": lambda v: type(v) is int and 1 <= v <= 101,
    "brush_square": lambda v: type(v) is bool,
    "smooth_outlines": lambda v: type(v) is bool,
    "fill_by": lambda v: v in ("labels", "map"),
    "wand_measure": lambda v: v in ("angle", "distance"),
    "wand_connected": lambda v: type(v) is bool,
    "wand_angle": lambda v: type(v) in (int, float) and 0 < v <= 2,
    "wand_distance": lambda v: type(v) in (int, float) and 0 < v <= 20,
    "segment_size": lambda v: type(v) is int and 9 <= v <= 2500,
    "autosave_minutes": lambda v: type(v) is int and 0 <= v <= 120,
    "map_opacity": lambda v: type(v) in (int, float) and 0 <= v <= 1,
    "band_presets": lambda v: (
        isinstance(v, list) and len(v) <= MAX_PRESETS and all(map(_is_preset, v))
    ),
    "stretch": lambda v: v in ("percentile", "minmax", "gaussian", "equalize"),
    "stretch_percent": _is_percent,
    "shortcuts": _is_shortcuts,
    "tour_seen": lambda v: type(v) is bool,
    "spectrum_unit": lambda v: v in ("nm", "um", "band"),
    "cache_megabytes": lambda v: type(v) is int and 0 <= v <= 1_000_000,
    "window_geometry": _is_text,
    "window_state": _is_text,
}


@dataclass
class Settings:
    """Preferences and window state.

    Raises
    ------
    ValueError
        if a value that is not valid is set.
    """

    theme: Literal["system", "light", "dark"] = "system"
    text_percent: int = 100
    device: Device = "auto"
    classifier: str = "sdhsi"
    recent_files: list[str] = field(default_factory=list)
    last_folder: str = ""
    brush_size: int = 1
    brush_square: bool = False
    smooth_outlines: bool = False
    fill_by: Literal["labels", "map"] = "labels"
    wand_measure: Literal["angle", "distance"] = "angle"
    wand_connected: bool = True
    wand_angle: float = 0.08
    wand_distance: float = 0.4
    segment_size: int = 64
    map_opacity: float = 0.65
    autosave_minutes: int = 5
    band_presets: list[list[Any]] = field(default_factory=list)
    stretch: Literal["percentile", "minmax", "gaussian", "equalize"] = "percentile"
    stretch_percent: list[float] = field(default_factory=lambda: [2.0, 98.0])
    shortcuts: dict[str, list[str]] = field(default_factory=dict)
    tour_seen: bool = False
    spectrum_unit: Literal["nm", "um", "band"] = "nm"
    cache_megabytes: int = 2000
    window_geometry: str = ""
    window_state: str = ""

    def __setattr__(self, name: str, value: Any) -> None:
        if not VALID[name](value):
            raise ValueError(f"{value!r} is no valid {name.replace('_', ' ')}")
        super().__setattr__(name, value)

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
    shortcuts = entries.get("shortcuts")
    if isinstance(shortcuts, dict):
        entries["shortcuts"] = {_renamed(command): keys for command, keys in shortcuts.items()}
    settings = Settings()
    broken = [name for name in entries if not _accepts(settings, name, entries[name])]
    if broken:
        log.warning("%s: the entries %s are not valid and were dropped", path, sorted(broken))
    return settings


def _renamed(command: str) -> str:
    """The id today of a command that was named by the title of a panel: panel.Spectral angle."""
    return command.lower().replace(" ", "-") if command.startswith("panel.") else command


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings atomically; a failure is logged, for it must not stop the exit."""
    path = path or settings_path()
    try:
        with replacing(path) as (temporary,):
            temporary.write_text(json.dumps(asdict(settings), indent=1), encoding="utf-8")
    except FileError as error:
        log.warning("The settings were not saved: %s", error)


def _accepts(settings: Settings, name: str, value: Any) -> bool:
    """Set an entry; False if its value is not valid. Unknown entries are passed over."""
    if name not in {f.name for f in fields(Settings)}:
        return True
    try:
        setattr(settings, name, value)
    except (ValueError, TypeError):  # a list is in no set of themes
        return False
    return True
