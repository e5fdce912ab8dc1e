"""ViewMemory: how each cube was shown last, in one small file in the user's data folder."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from hsi_viewer.atomic import replacing
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.contrast import Contrast, ContrastKind
from hsi_viewer.core.display.stretch import Limits
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.paths import data_folder
from hsi_viewer.core.validation import Finite, checked, json_values

log = logging.getLogger(__name__)

MAX_CUBES = 200
MAX_CONTRASTS = 40  # of one cube


@dataclass
class CubeView:
    """The remembered view of a cube.

    Attributes
    ----------
    bands : of the scene that were shown last; () for what is shown at first.
    colours : name of the colour map of a single band, "" for grey.
    contrasts : by the name of the picture, e.g. "Colour infrared", the latest last.
    """

    bands: tuple[int, ...] = ()
    colours: str = ""
    contrasts: OrderedDict[str, Contrast] = field(default_factory=OrderedDict)

    def note(self, picture: str, contrast: Contrast) -> None:
        """Remember the contrast of a picture."""
        self.contrasts[picture] = contrast
        self.contrasts.move_to_end(picture)
        while len(self.contrasts) > MAX_CONTRASTS:
            self.contrasts.popitem(last=False)


class ViewMemory:
    """Views by cube, the latest last; a damaged file counts as empty.

    Parameters
    ----------
    path : of the file; by default in the user's data folder.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or data_folder() / "looks.json"
        self._views: OrderedDict[str, CubeView] = OrderedDict()
        self._changed = False
        self._read()

    def of(self, cube: HyperCube) -> CubeView:
        """The remembered view of a cube, to be changed by `note` only."""
        return self._views.get(_key(cube)) or CubeView()

    def note(self, cube: HyperCube, view: CubeView) -> None:
        """Remember how a cube is looked at; of the oldest nothing is remembered any more."""
        self._views[_key(cube)] = view
        self._views.move_to_end(_key(cube))
        while len(self._views) > MAX_CUBES:
            self._views.popitem(last=False)
        self._changed = True

    def save(self) -> None:
        """Write the file, if there is something new; a failure is logged."""
        if not self._changed:
            return
        text = json.dumps({key: _to_json(view) for key, view in self._views.items()})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._path) as (temporary,):
                temporary.write_text(text, encoding="utf-8")
        except (OSError, FileError) as error:
            log.warning("The views of scenes were not saved: %s", str(error))
        else:
            self._changed = False

    def _read(self) -> None:
        try:
            entries = checked(dict[str, Any], json_values(self._path.read_bytes()))
            for key, entry in entries.items():
                self._views[key] = _from_json(entry)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError) as error:
            log.warning("%s is damaged and was left out: %s", self._path, str(error))
            self._views.clear()


class StoredContrast(Struct, frozen=True):
    """A `Contrast` as it is read."""

    kind: ContrastKind
    percent: tuple[Finite, Finite]
    limits: tuple[tuple[Finite, Finite], ...]
    linked: bool


class StoredView(Struct, frozen=True):
    """A `CubeView` as it is read."""

    bands: tuple[Annotated[int, Meta(ge=0)], ...]
    colours: str
    contrasts: dict[str, StoredContrast]


def _key(cube: HyperCube) -> str:
    location = cube.path.absolute().as_posix() if cube.path is not None else cube.name
    return f"{location} {'x'.join(map(str, cube.shape))}"


def contrast_to_json(contrast: Contrast) -> dict[str, Any]:
    """The contrast as JSON values."""
    return {
        "kind": contrast.kind,
        "percent": list(contrast.percent),
        "limits": [[limits.low, limits.high] for limits in contrast.limits],
        "linked": contrast.linked,
    }


def contrast_from_json(values: Mapping[str, Any]) -> Contrast:
    """The contrast of JSON values.

    Raises
    ------
    ValueError
        if they are none.
    """
    return _contrast_of(checked(StoredContrast, values))


def _contrast_of(stored: StoredContrast) -> Contrast:
    low, high = stored.percent
    if not 0 <= low < high <= 100:
        raise ValueError("no contrast")
    if any(black >= white for black, white in stored.limits):
        raise ValueError("no limits")
    limits = tuple(Limits(black, white) for black, white in stored.limits)
    return Contrast(stored.kind, (low, high), limits, stored.linked)


def _to_json(view: CubeView) -> dict[str, Any]:
    return {
        "bands": list(view.bands),
        "colours": view.colours,
        "contrasts": {name: contrast_to_json(c) for name, c in view.contrasts.items()},
    }


def _from_json(values: Mapping[str, Any]) -> CubeView:
    stored = checked(StoredView, values)
    if len(stored.bands) not in (0, 1, 3):
        raise ValueError("no bands")
    contrasts = {name: _contrast_of(contrast) for name, contrast in stored.contrasts.items()}
    return CubeView(stored.bands, stored.colours, OrderedDict(contrasts))
