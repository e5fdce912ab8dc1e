"""Planning: looks at a scene once, and says how its map is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.validation import InvalidError, json_values
from hsi_viewer.io.writers.own_files import own_files
from hsi_viewer.jobs.batch.digests import bytes_digest, digest_of, file_digest, input_record
from hsi_viewer.jobs.batch.plan import (
    VERSION,
    MapOptions,
    ScenePlan,
    plan_digest,
    read_plan,
)
from hsi_viewer.jobs.batch.scenes import Scene
from hsi_viewer.jobs.classify import versions
from hsi_viewer.learning.model_description import pair_of
from hsi_viewer.learning.model_state import scene_digest
from hsi_viewer.learning.tile_mapper import MapSettings, TileMapper


def model_digest(path: Path) -> str:
    """Digest of the files of a model, without the times that its steps have taken.

    Raises
    ------
    FileError
        if one cannot be read.
    """
    weights, description = pair_of(path)
    try:
        facts = json_values(description.read_bytes())
    except (OSError, InvalidError) as error:
        raise FileError(f"{description} could not be read: {error}.") from error
    facts.pop("seconds", None)
    return digest_of([file_digest(weights), facts])


def map_settings(options: MapOptions) -> MapSettings:
    """The same for the engine."""
    refine = False if options.refine == "off" else options.refine
    return MapSettings(refine, options.standardise, options.side)  # type: ignore[arg-type]


def opened(scene: Scene, options: MapOptions) -> HyperCube:
    """The part of a scene that is mapped, without what plainly is no data.

    Raises
    ------
    HsiError
        if it cannot be read, or the region of interest does not fit it.
    """
    return examined(options.used_of(real_valued(scene.opened())))


def digest_for(cube: HyperCube, scene: Scene, model: str, options: MapOptions) -> str:
    """Digest of all that decides the map of a cube."""
    return plan_digest(_inputs(cube), scene, model, options, versions())


def make_plan(
    cube: HyperCube,
    scene: Scene,
    model: Model,
    model_path: Path,
    options: MapOptions,
    digest: str,
    token: CancelToken,
) -> ScenePlan:
    """Look at samples of a scene, and plan its tiles.

    Raises
    ------
    ModelError, SettingError
        if the model cannot map the cube, or not so.
    """
    mapper = TileMapper(model, cube, map_settings(options), token=token)
    return plan_of(mapper, scene, model_path, options, digest)


def plan_of(
    mapper: TileMapper, scene: Scene, model_path: Path, options: MapOptions, digest: str
) -> ScenePlan:
    """The plan of a scene that was looked at."""
    return ScenePlan(
        version=VERSION,
        digest=digest,
        source=scene.whole_source,
        rows=scene.rows,
        columns=scene.columns,
        model=str(model_path.absolute()),
        model_digest=model_digest(model_path),
        options=options,
        shape=(mapper.cube.rows, mapper.cube.columns),
        windows=[((r.start, r.stop), (c.start, c.stop)) for r, c in mapper.windows],
        statistics=mapper.statistics.record(),
    )


def kept_plan(folder: Path, digest: str, scene: Scene, model_path: Path) -> ScenePlan | None:
    """The plan of an earlier call, with the places where scene and model are now.

    Parameters
    ----------
    folder : of the scene's results.
    digest : that the plan must have.
    scene, model_path : which may have been moved since; their contents are those of the digest.

    Raises
    ------
    ExportError
        if the new places cannot be written down.
    """
    plan = read_plan(folder)
    if plan is None or plan.digest != digest:
        return None
    now = replace(plan, source=scene.whole_source, model=str(model_path.absolute()))
    if now != plan:
        now.write(folder)
    return now


def _inputs(cube: HyperCube) -> list[dict[str, Any]]:
    """What identifies a cube: its files, some of its values, and what is known about them."""
    files = [] if cube.path is None else input_record(own_files(cube.path))
    known = {
        "shape": list(cube.shape),
        "type": cube.dtype.str,
        "values": scene_digest(cube),
        "region": "" if cube.inside is None else bytes_digest(np.packbits(cube.inside).tobytes()),
        "wavelengths": [] if cube.wavelengths is None else [*map(repr, cube.wavelengths.tolist())],
        "good bands": cube.good_bands.tolist(),
        "no data": [repr(cube.nodata), *map(repr, cube.fill_values or ())],
        "scale": [repr(cube.scale), repr(cube.offset)],
        "georeference": repr(cube.georeference),
    }
    return [*files, known]
