"""Settings: what the application remembers between starts, in one JSON file."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import platformdirs
from msgspec import Meta

from hsi_viewer.atomic import replacing
from hsi_viewer.core.assessment.areas import AreaUnit
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.training import Device
from hsi_viewer.core.validation import InvalidError, checked, json_values, or_else

log = logging.getLogger(__name__)

MAX_RECENT = 10
MAX_PRESETS = 50
MAX_ARRANGEMENTS = 20


def _is_preset(value: list[Any]) -> bool:
    """Whether it is a name and three wavelengths in nm."""
    return (
        len(value) == 4
        and isinstance(value[0], str)
        and bool(value[0].strip())
        and all(type(v) in (int, float) and 0 < v < 1e6 for v in value[1:])
    )


def _is_stretch(value: list[float]) -> bool:
    """Whether it is two percentages, the lower first."""
    return len(value) == 2 and 0 <= value[0] < value[1] <= 100


def _is_arrangement(value: list[Any]) -> bool:
    """Whether it is a name, the number of views, and where the panels are, as Qt writes it."""
    return (
        len(value) == 3
        and isinstance(value[0], str)
        and bool(value[0].strip())
        and type(value[1]) is int
        and value[1] in (1, 2, 4)
        and isinstance(value[2], str)
    )


RULES: dict[str, Callable[[Any], bool]] = {  # beside the types
    "band_presets": lambda presets: all(map(_is_preset, presets)),
    "stretch_percent": _is_stretch,
    "arrangements": lambda arrangements: all(map(_is_arrangement, arrangements)),
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
    text_percent: Annotated[int, Meta(ge=50, le=200)] = 100
    device: Device = "auto"
    classifier: str = "sdhsi"
    recent_files: list[str] = field(default_factory=list)
    last_folder: str = ""
    scenes: list[str] = field(default_factory=list)  # session files of the panel Scenes
    scenes_file: str = ""  # the project that they were saved in or opened from
    brush_size: Annotated[int, Meta(ge=1, le=101)] = 1
    brush_square: bool = False
    smooth_outlines: bool = False
    fill_by: Literal["labels", "map"] = "labels"
    guide_area: Literal["segment", "core", "pixel"] = "core"
    wand_measure: Literal["angle", "distance"] = "angle"
    wand_connected: bool = True
    wand_angle: Annotated[float, Meta(gt=0, le=2)] = 0.08
    wand_distance: Annotated[float, Meta(gt=0, le=20)] = 0.4
    segment_size: Annotated[int, Meta(ge=9, le=2500)] = 64
    map_opacity: Annotated[float, Meta(ge=0, le=1)] = 0.65
    map_style: Literal["grey", "solid", "outlines"] = "grey"
    autosave_minutes: Annotated[int, Meta(ge=0, le=120)] = 5
    band_presets: Annotated[list[list[Any]], Meta(max_length=MAX_PRESETS)] = field(
        default_factory=list
    )
    stretch: Literal["percentile", "minmax", "gaussian", "equalize"] = "percentile"
    stretch_percent: list[float] = field(default_factory=lambda: [2.0, 98.0])
    shortcuts: dict[str, list[str]] = field(default_factory=dict)
    tour_seen: bool = False
    area_unit: AreaUnit = "auto"
    spectrum_unit: Literal["nm", "um", "band"] = "nm"
    cache_megabytes: Annotated[int, Meta(ge=0, le=1_000_000)] = 2000
    arrangements: Annotated[list[list[Any]], Meta(max_length=MAX_ARRANGEMENTS)] = field(
        default_factory=list
    )
    window_geometry: str = ""
    window_state: str = ""

    def __setattr__(self, name: str, value: Any) -> None:
        kept = or_else(_types()[name], value, None)
        if kept is None or not RULES.get(name, lambda _: True)(kept):
            raise ValueError(f"{value!r} is not a valid {name.replace('_', ' ')}")
        super().__setattr__(name, kept)

    def add_recent(self, source: str) -> None:
        """Put a file first among the recent ones."""
        self.recent_files = [source, *(f for f in self.recent_files if f != source)][:MAX_RECENT]


@cache
def _types() -> dict[str, Any]:
    """Types of the entries, by name."""
    return get_type_hints(Settings, include_extras=True)


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
        log.warning("%s could not be read (%s): defaults are used", path, str(error))
        return Settings()
    try:
        entries = checked(dict[str, Any], json_values(text))
    except InvalidError:
        log.warning("%s is not a settings file: defaults are used", path)
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


def save_settings(settings: Settings, path: Path | None = None) -> str:
    """Write the settings atomically; the reason of a failure, which must not stop the exit."""
    path = path or settings_path()
    try:
        with replacing(path) as (temporary,):
            temporary.write_text(json.dumps(asdict(settings), indent=1), encoding="utf-8")
    except FileError as error:
        reason = str(error)
        log.warning("The settings were not saved: %s", reason)
        return reason
    return ""


def _accepts(settings: Settings, name: str, value: Any) -> bool:
    """Set an entry; False if its value is not valid. Unknown entries are passed over."""
    if name not in {f.name for f in fields(Settings)}:
        return True
    try:
        setattr(settings, name, value)
    except (ValueError, TypeError):  # a list is in no set of themes
        return False
    return True
