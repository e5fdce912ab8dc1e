"""Verifies a bundle: every checksum, and whether the same map comes out again."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.postprocess.map_steps import after_steps
from hsi_viewer.core.progress import CancelToken, Note, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import Device
from hsi_viewer.io.files.checksums import file_checksums, values_checksum
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.io.writers.own_files import own_files
from hsi_viewer.jobs.bundle.archive import Bundle, Contents, opened_bundle
from hsi_viewer.jobs.bundle.manifest import BACKGROUND, MAP, REGION, TRAINING, Manifest
from hsi_viewer.jobs.doubt_layers import MapFacts, outside_of
from hsi_viewer.jobs.noting import Noting
from hsi_viewer.learning.classifiers import fit

Ids = NDArray[np.uint16]
NEEDED = tuple(f"labels/{n}" for n in TRAINING) + tuple(f"map/{n}" for n in MAP)
NO_CLASS = tuple(f"labels/{n}" for n in BACKGROUND)
USED = tuple(f"region/{n}" for n in REGION)
HEADER_BYTES = 1 << 22


@dataclass(frozen=True)
class VerifyJob(Noting):
    """What is verified, and where reports go.

    Attributes
    ----------
    bundle : the archive.
    cube : source of the scene; None takes the one that the bundle names, if it is there.
    device : where the network runs.
    token, port : cancel and progress; the port takes each `Note` once.
    warnings : what was noted so far.
    """

    bundle: Path
    cube: str | None = None
    device: Device = "auto"
    token: CancelToken = field(default_factory=CancelToken)
    port: ProgressPort = field(default_factory=SilentPort)
    warnings: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Note a sentence."""
        self.report(Note(text))


class Verified(Struct, frozen=True):
    """What came out.

    Attributes
    ----------
    contents : the files of the bundle.
    cube : source of the scene that was compared; None if it was not there.
    same_values : whether it has the values that were mapped; None if it was not there, or the
        region that was mapped is not known.
    changed_files : its files that differ from those of then, by name.
    pixels, equal : of the map, and those that came out the same; None where it was not made again.
    warnings : sentences.
    """

    contents: Contents
    cube: str | None
    same_values: bool | None
    changed_files: tuple[str, ...]
    pixels: int
    equal: int | None
    warnings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether no file of the bundle and no value of the scene has changed."""
        return self.contents.intact and self.same_values is not False

    @property
    def share(self) -> float | None:
        """Share of the pixels that came out the same, 0..1."""
        return None if self.equal is None else self.equal / max(self.pixels, 1)


def verify(job: VerifyJob) -> Verified:
    """Check every checksum, then make the map again from the labels, settings and seed.

    Raises
    ------
    HsiError
        if the bundle or the scene cannot be read, or the map cannot be made again.
    """
    with opened_bundle(job.bundle) as bundle:
        contents = bundle.compare(job.token, job)
        manifest = bundle.manifest
        source = _source_of(job, manifest)
        pixels = manifest.scene.rows * manifest.scene.columns
        if source is None:
            job.note(
                f"{manifest.scene.source} is not here, so the map was not made again; name the "
                "scene after the bundle."
            )
            return Verified(contents, None, None, (), pixels, None, tuple(job.warnings))
        if _is_broken(contents, USED, job):  # what was used of the scene is not known
            return Verified(contents, source, None, (), pixels, None, tuple(job.warnings))
        cube = _opened(source, bundle, job)
        same, changed = _compared(cube, manifest, job)
        equal = None
        broken = _is_broken(contents, (*NEEDED, *NO_CLASS), job)
        if not broken and not same:
            job.note(
                f"The map was not made again, because {source} differs from the scene that was "
                "mapped."
            )
        if same and not broken:
            equal = _made_again(bundle, cube, job)
    return Verified(contents, source, same, changed, pixels, equal, tuple(job.warnings))


def verified_record(found: Verified) -> dict[str, Any]:
    """The outcome as `verify --json` prints it."""
    return {
        "passed": found.passed,
        "changed": list(found.contents.changed),
        "missing": list(found.contents.missing),
        "unlisted": list(found.contents.unlisted),
        "cube": found.cube,
        "same_values": found.same_values,
        "changed_cube_files": list(found.changed_files),
        "pixels": found.pixels,
        "equal_pixels": found.equal,
        "equal_share": found.share,
        "warnings": list(found.warnings),
    }


def _is_broken(contents: Contents, names: tuple[str, ...], job: VerifyJob) -> bool:
    """Whether one of some files has changed or is missing, which is noted then."""
    broken = [name for name in names if name in {*contents.changed, *contents.missing}]
    if broken:
        what = "is missing" if broken[0] in contents.missing else "has changed"
        job.note(f"The map was not made again, because {broken[0]} {what}.")
    return bool(broken)


def _source_of(job: VerifyJob, manifest: Manifest) -> str | None:
    """The scene that is named, else that of the bundle where it is there."""
    if job.cube is not None:
        return job.cube
    named = manifest.scene.source
    there = named.startswith(("sample:", "scene:")) or split_source(named)[0].exists()
    return named if there else None


def _opened(source: str, bundle: Bundle, job: VerifyJob) -> HyperCube:
    """The scene, or what was used of it."""
    from hsi_viewer.io.opening import open_cube

    cube, then = real_valued(open_cube(source, job.token)), bundle.manifest.scene
    if (cube.rows, cube.columns, cube.bands) != (then.rows, then.columns, then.bands):
        return cube
    inside = bands = None
    if then.has_region:
        inside = _labels_in(bundle, "region", REGION, cube) > 0
    if then.bands_used is not None:
        bands = np.isin(np.arange(1, cube.bands + 1), then.bands_used)
    return examined(RegionOfInterest(inside, bands).of(cube))


def _compared(cube: HyperCube, manifest: Manifest, job: VerifyJob) -> tuple[bool, tuple[str, ...]]:
    """Whether a cube has the values of then, and the names of its files that have changed."""
    then = manifest.scene
    now = file_checksums(own_files(cube.path), job.token) if cube.path is not None else ()
    known = {file.sha256 for file in then.files}
    changed = tuple(file.name for file in now if known and file.sha256 not in known)
    if (cube.rows, cube.columns, cube.bands) != (then.rows, then.columns, then.bands):
        return False, changed
    same = values_checksum(cube, job.token, job) == then.values_sha256
    if same and changed:
        job.note(
            f"{', '.join(changed)} differs from then, but the values of the scene are the same."
        )
    return same, changed


def _made_again(bundle: Bundle, cube: HyperCube, job: VerifyJob) -> int:
    """Pixels of the map that come out the same."""
    manifest = bundle.manifest
    labels, before, background = _unpacked(bundle, cube)
    settings = manifest.settings
    for text in _differences(manifest):
        job.note(text)
    if settings.continued:
        job.note(
            "This map was trained on from an earlier model, which the bundle does not have: "
            "trained from its labels alone, some pixels come out different."
        )
    job.report(Progress("Loading the learning engine"))
    from hsi_viewer.learning.predictor import choose_device

    choose_device(job.device)
    config = replace(settings.config, device=job.device)
    model = fit(
        cube,
        labels,
        config,
        classifier=settings.classifier,
        legend=manifest.classes,
        token=job.token,
        port=job,
    )
    refine = settings.refine if config.refine else "none"
    mapped = model.predict(cube, labels=labels, refine=refine, token=job.token, port=job)
    facts = MapFacts(cube, mapped, model, labels, None, background)
    area = pixel_area(cube.georeference, cube.rows, cube.columns)
    again = after_steps(mapped, settings.steps, area, lambda: outside_of(facts, job.token, job))
    return int(np.count_nonzero(again.class_map == before))


def _unpacked(bundle: Bundle, cube: HyperCube) -> tuple[Ids, Ids, NDArray[np.bool_] | None]:
    """Training labels, map and background of a bundle, of the size of the scene."""
    labels, before = (
        _labels_in(bundle, place, names, cube)
        for place, names in (("labels", TRAINING), ("map", MAP))
    )
    listed = {file.name for file in bundle.manifest.files}
    if not listed.issuperset(NO_CLASS):
        return labels, before, None
    return labels, before, _labels_in(bundle, "labels", BACKGROUND, cube) > 0


def _labels_in(bundle: Bundle, place: str, names: tuple[str, str], cube: HyperCube) -> Ids:
    """A raster of a bundle, header and values, of the size of the scene."""
    from hsi_viewer.io.labels.label_file import read_labels

    most = 2 * cube.rows * cube.columns + HEADER_BYTES
    with TemporaryDirectory(prefix="hsi-bundle-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        bundle.unpack(tuple(f"{place}/{file}" for file in names), folder, most)
        ids = read_labels(folder / names[0]).ids
    if ids.shape != (cube.rows, cube.columns):
        raise FormatError(f"{bundle.path}: {place}/{names[0]} has another size than the scene.")
    return ids


def _differences(manifest: Manifest) -> list[str]:
    """A sentence that names the packages of other versions than then."""
    other = []
    for name, then in manifest.versions.items():
        try:
            now = platform.python_version() if name == "python" else version(name)
        except PackageNotFoundError:
            now = "not installed"
        if now != then:
            other.append(f"{name} {now} (then {then})")
    return [f"Other versions than then: {', '.join(other)}."] if other else []
