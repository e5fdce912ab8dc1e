"""Settings: what the application remembers between starts, in one JSON file."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import platformdirs
from pydantic import AfterValidator, BaseModel, Field, create_model

from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.training import Device
from hsi_viewer.core.validation import InvalidError, checked, json_values

log = logging.getLogger(__name__)

MAX_RECENT = 10
MAX_PRESETS = 50
MAX_ARRANGEMENTS = 20


def _preset(value: list[Any]) -> list[Any]:
    """A name and three wavelengths in nm."""
    right = (
        len(value) == 4
        and isinstance(value[0], str)
        and bool(value[0].strip())
        and all(type(v) in (int, float) and 0 < v < 1e6 for v in value[1:])
    )
    if not right:
        raise ValueError("a preset is a name and three wavelengths")
    return value


def _percent(value: list[float]) -> list[float]:
    if len(value) != 2 or not 0 <= value[0] < value[1] <= 100:
        raise ValueError("a stretch is between two percentages")
    return value


def _arrangement(value: list[Any]) -> list[Any]:
    """A name, the number of views, and where the panels are, as the window writes it."""
    right = (
        len(value) == 3
        and isinstance(value[0], str)
        and bool(value[0].strip())
        and type(value[1]) is int
        and value[1] in (1, 2, 4)
        and isinstance(value[2], str)
    )
    if not right:
        raise ValueError("an arrangement is a name, a number of views, and a text")
    return value


Preset = Annotated[list[Any], AfterValidator(_preset)]


@dataclass
class Settings:
    """Preferences and window state.

    Raises
    ------
    ValueError
        if a value that is not valid is set.
    """

    theme: Literal["system", "light", "dark"] = "system"
    text_percent: Annotated[int, Field(ge=50, le=200)] = 100
    device: Device = "auto"
    classifier: str = "sdhsi"
    recent_files: list[str] = field(default_factory=list)
    last_folder: str = ""
    scenes: list[str] = field(default_factory=list)  # session files of the panel Scenes
    brush_size: Annotated[int, Field(ge=1, le=101)] = 1
    brush_square: bool = False
    smooth_outlines: bool = False
    fill_by: Literal["labels", "map"] = "labels"
    guide_area: Literal["segment", "core", "pixel"] = "core"
    wand_measure: Literal["angle", "distance"] = "angle"
    wand_connected: bool = True
    wand_angle: Annotated[float, Field(gt=0, le=2)] = 0.08
    wand_distance: Annotated[float, Field(gt=0, le=20)] = 0.4
    segment_size: Annotated[int, Field(ge=9, le=2500)] = 64
    map_opacity: Annotated[float, Field(ge=0, le=1)] = 0.65
    map_style: Literal["grey", "solid", "outlines"] = "grey"
    autosave_minutes: Annotated[int, Field(ge=0, le=120)] = 5
    band_presets: Annotated[list[Preset], Field(max_length=MAX_PRESETS)] = field(
        default_factory=list
    )
    stretch: Literal["percentile", "minmax", "gaussian", "equalize"] = "percentile"
    stretch_percent: Annotated[list[float], AfterValidator(_percent)] = field(
        default_factory=lambda: [2.0, 98.0]
    )
    shortcuts: dict[str, list[str]] = field(default_factory=dict)
    tour_seen: bool = False
    spectrum_unit: Literal["nm", "um", "band"] = "nm"
    cache_megabytes: Annotated[int, Field(ge=0, le=1_000_000)] = 2000
    arrangements: Annotated[
        list[Annotated[list[Any], AfterValidator(_arrangement)]],
        Field(max_length=MAX_ARRANGEMENTS),
    ] = field(default_factory=list)
    window_geometry: str = ""
    window_state: str = ""

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            entry = _entries().model_validate({name: value}, strict=True)
        except ValueError as error:
            raise ValueError(f"{value!r} is not a valid {name.replace('_', ' ')}") from error
        super().__setattr__(name, getattr(entry, name))

    def add_recent(self, source: str) -> None:
        """Put a file first among the recent ones."""
        self.recent_files = [source, *(f for f in self.recent_files if f != source)][:MAX_RECENT]


@cache
def _entries() -> type[BaseModel]:
    """What compares entries: of one model, not of one a field, which takes longer to make."""
    types = get_type_hints(Settings, include_extras=True)
    parts: dict[str, Any] = {name: (kind, None) for name, kind in types.items()}
    made: type[BaseModel] = create_model("Entries", **parts)
    return made


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


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings atomically; a failure is logged, because it must not stop the exit."""
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
