"""Gathers the facts and the pictures of a report from a run."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.analysis.region_spectra import region_statistics
from hsi_viewer.core.assessment.areas import ClassArea, class_areas
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.map_assessment import assess_map
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.evidence import Evidence, RunEvidence
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.io.files.checksums import file_checksums, values_checksum
from hsi_viewer.io.info import crs_text
from hsi_viewer.io.sidecars.location import present
from hsi_viewer.io.writers.own_files import own_files
from hsi_viewer.jobs.mapped_run import MappedRun
from hsi_viewer.jobs.report.doubt import uncertainty_of
from hsi_viewer.jobs.report.facts import (
    ClassFacts,
    ClassSpectrum,
    DataFacts,
    Facts,
    Spectra,
)
from hsi_viewer.jobs.report.methods import described
from hsi_viewer.jobs.report.pictures import Picture, label_picture, map_picture
from hsi_viewer.learning.cross_validation import evidence_of, reach_of
from hsi_viewer.learning.labels_with_data import labels_with_data

PERCENTILES = (10.0, 90.0)
PACKAGES = ("hsi-viewer", "numpy", "scipy", "torch", "scikit-learn", "matplotlib")


class Report(Struct, frozen=True, eq=False):
    """What a report shows.

    Attributes
    ----------
    facts : all that it says.
    pictures : the class map, the labels, then the layers of uncertainty.
    """

    facts: Facts
    pictures: tuple[Picture, ...]


def gather(
    run: MappedRun, token: CancelToken | None = None, port: ProgressPort | None = None
) -> Report:
    """The facts and pictures of a run; classifiers without evidence of their own train again.

    Raises
    ------
    HsiError
        if the scene cannot be read, or the classifier cannot be trained again.
    TaskCancelledError
        if the token was cancelled.
    """
    token, port = token or CancelToken(), port or SilentPort()
    evidence = _evidence(run, token, port)
    assessment = replace(assessed(run, evidence), sample=run.sample)
    uncertainty, doubts = uncertainty_of(run, evidence, token, port)
    port.report(Progress("Gathering the facts"))
    facts = Facts(
        title=f"Class map of {run.cube.name}",
        data=data_facts(run, token, port),
        labels=run.labels_source,
        test=run.test_source,
        classes=class_facts(run),
        classifier=run.title,
        map_source=run.prediction.source,
        settings=run.settings,
        evidence=evidence,
        assessment=assessment,
        epochs=run.epochs,
        spectra=class_spectra(run, token, port),
        uncertainty=uncertainty,
        steps=run.steps,
        seconds=dict(run.model.seconds),
        versions={"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
        sample=run.sample,
        trained_elsewhere=run.trained_elsewhere,
        warnings=tuple(dict.fromkeys((*run.warnings, *assessment.warnings))),
    )
    pictures = (map_picture(run), label_picture(run, token), *doubts)
    return Report(replace(facts, **described(facts)), pictures)


def _evidence(run: MappedRun, token: CancelToken, port: ProgressPort) -> Evidence:
    """What cross-validation brings, with the voices of the model; empty without labels."""
    if run.trained_elsewhere:
        return Evidence((), "none", 0)
    if run.evidence is None:
        given = (run.model, run.cube, run.labels, run.config)
        return evidence_of(*given, token, port, continued=run.continued, refine=run.refine)
    own: Evidence | None = getattr(run.model, "evidence", None)
    if run.evidence.voices or own is None:
        return run.evidence
    return replace(run.evidence, voices=own.voices)


def assessed(run: MappedRun, evidence: Evidence) -> Assessment:
    """The honest and the optimistic figure, as the window and `assess` have them."""
    if run.trained_elsewhere:
        return _assessed_elsewhere(run)
    refined = run.refine not in (False, "none") and run.config.refine
    reach = reach_of(run.model, refined=refined)
    known = RunEvidence(evidence, run.labels, run.model.class_ids, reach)
    name_of = run.legend.name_of
    found = assess_map(run.prediction, run.labels > 0, known, run.test, name_of)
    return Assessment(None, None, None, None, reach, 0) if found is None else found


def _assessed_elsewhere(run: MappedRun) -> Assessment:
    """Figures of a map whose model saw no pixel of the scene: of test pixels, if there are some."""
    known = bool(np.isfinite(run.prediction.confidence).all())
    mapped = (
        run.prediction
        if known
        else replace(run.prediction, confidence=np.zeros(run.labels.shape, np.float32))
    )
    found = assess_map(mapped, run.labels > 0, None, run.test, run.legend.name_of)
    if found is None:
        return Assessment(None, None, None, None, 0, 0)
    return found if known else replace(found, reliability=None)


def data_facts(run: MappedRun, token: CancelToken, port: ProgressPort) -> DataFacts:
    """The scene, its files and their checksums."""
    cube = run.cube
    files = set() if cube.path is None else own_files(cube.path)
    sidecar = None if cube.path is None else present(cube.path)
    waves, place = _wavelengths(cube), cube.georeference
    return DataFacts(
        source=run.source,
        name=cube.name,
        files=file_checksums([*files, *([] if sidecar is None else [sidecar])], token),
        values_sha256=values_checksum(cube, token, port),
        rows=cube.rows,
        columns=cube.columns,
        bands=cube.bands,
        dtype=cube.dtype.name,
        format_name=cube.format_name,
        wavelengths=(float(waves.min()), float(waves.max())) if waves is not None else None,
        crs=None if place is None else crs_text(place.crs_wkt),
        region=RegionOfInterest(cube.inside, cube.chosen).sentence(cube),
    )


def class_facts(run: MappedRun) -> tuple[ClassFacts, ...]:
    """Each class of the map with its labels and its area."""
    cube, mapped = run.cube, run.prediction.class_map
    labels = labels_with_data(run.model, cube, run.labels)
    whole = pixel_area(cube.georeference, cube.rows, cube.columns)
    areas = {a.class_id: a for a in class_areas(mapped, whole)}
    none = None if whole is None else 0.0
    found = []
    for c in run.classes:
        area = areas.get(c.id, ClassArea(c.id, 0, none, 0.0))
        found.append(
            ClassFacts(
                c.id,
                c.name,
                c.colour,
                int(np.count_nonzero(labels == c.id)),
                0 if run.test is None else int(np.count_nonzero(run.test == c.id)),
                area.pixels,
                area.share,
                area.square_metres,
            )
        )
    return tuple(found)


def class_spectra(run: MappedRun, token: CancelToken, port: ProgressPort) -> Spectra:
    """Mean and percentiles of the training pixels of each class; bad bands are left out."""
    cube = run.cube
    labels = labels_with_data(run.model, cube, run.labels, token)
    found = region_statistics(cube, labels, token, port, levels=PERCENTILES)
    bad = ~np.asarray(cube.good_bands, bool)
    waves = _wavelengths(cube)
    spectra = []
    for class_id, statistics in sorted(found.items()):
        mean, low, high = (
            np.where(bad, np.nan, values) for values in (statistics.mean, *statistics.percentiles)
        )
        spectra.append(ClassSpectrum(class_id, statistics.count, mean, low, high))
    positions = np.arange(1.0, cube.bands + 1) if waves is None else waves
    unit: Literal["nm", "band"] = "band" if waves is None else "nm"
    return Spectra(unit, tuple(positions.tolist()), tuple(spectra))


def _wavelengths(cube: HyperCube) -> NDArray[np.float64] | None:
    """All wavelengths in nm; None where one is missing."""
    waves = cube.wavelengths
    return waves if waves is not None and np.isfinite(waves).all() else None
