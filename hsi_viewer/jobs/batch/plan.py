"""The plan of one scene: what it is made of, its tiles, and what all of them must know."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hsi_viewer.atomic import replacing
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.inputs import region_of
from hsi_viewer.core.validation import InvalidError, parsed
from hsi_viewer.jobs.batch.digests import digest_of
from hsi_viewer.jobs.batch.scenes import Range, Scene

VERSION = 1
TILES, PLAN, MANIFEST = "tiles", "plan.json", "manifest.json"


@dataclass(frozen=True)
class MapOptions:
    """How maps are made, for every scene of a batch.

    Attributes
    ----------
    refine, standardise, device : as of the command line; refine without the walker is "none".
    side : pixels a side of a tile.
    probabilities : whether the tiles keep them.
    region, mask : files of what is mapped of each scene and of what is left out; None for all.
    """

    refine: str
    standardise: str
    device: str
    side: int
    probabilities: bool
    region: str | None = None
    mask: str | None = None

    def used_of(self, cube: HyperCube) -> HyperCube:
        """The part of a scene that is mapped; errors as of `core.inputs.region_of`."""
        return region_of(cube, self.region, self.mask).of(cube)


@dataclass(frozen=True)
class ScenePlan:
    """The plan of one scene.

    Attributes
    ----------
    version : of this file's layout.
    digest : of all that decides the map: input, part, model, options, packages.
    source, rows, columns : the scene.
    model, model_digest : path, and digest of its files.
    options : how the map is made.
    shape : rows and columns of the map.
    windows : rows and columns of each tile.
    statistics : what every tile must know of the scene.
    """

    version: int
    digest: str
    source: str
    rows: Range | None
    columns: Range | None
    model: str
    model_digest: str
    options: MapOptions
    shape: tuple[int, int]
    windows: list[tuple[Range, Range]]
    statistics: dict[str, Any]

    @property
    def scene(self) -> Scene:
        """The scene that is mapped."""
        return Scene(self.source, self.rows, self.columns)

    @property
    def slices(self) -> list[tuple[slice, slice]]:
        """Rows and columns of each tile."""
        return [(slice(*rows), slice(*columns)) for rows, columns in self.windows]

    def write(self, folder: Path) -> None:
        """Write the plan into a scene's folder.

        Raises
        ------
        ExportError
            if it cannot be written.
        """
        with replacing(plan_path(folder)) as (new,):
            new.write_text(json.dumps(asdict(self), allow_nan=False), encoding="utf-8")


def plan_path(folder: Path) -> Path:
    """The plan in the folder of a scene."""
    return folder / TILES / PLAN


def read_plan(folder: Path) -> ScenePlan | None:
    """The plan in the folder of a scene; None where there is none that can be read."""
    try:
        text = plan_path(folder).read_bytes()
        found = parsed(ScenePlan, text, strict=False)
    except (OSError, InvalidError):
        return None
    return found if found.version == VERSION else None


def plan_digest(
    inputs: list[dict[str, Any]],
    scene: Scene,
    model_digest: str,
    options: MapOptions,
    versions: dict[str, str],
) -> str:
    """Digest of all that decides a map."""
    return digest_of(
        {
            "version": VERSION,
            "inputs": inputs,
            "part": [scene.rows, scene.columns],
            "model": model_digest,
            "options": asdict(options),
            "versions": versions,
        }
    )
