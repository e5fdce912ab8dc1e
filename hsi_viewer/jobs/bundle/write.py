"""Writes a bundle: one ZIP archive, whole or not at all."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from hsi_viewer.atomic import replacing, told_of
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.io.files.checksums import file_checksum
from hsi_viewer.io.labels.class_map import export_prediction
from hsi_viewer.jobs.bundle.manifest import (
    BACKGROUND,
    MANIFEST,
    REGION,
    TEST,
    TRAINING,
    BundleClass,
    BundleScene,
    BundleSettings,
    Manifest,
)
from hsi_viewer.jobs.mapped_run import MappedRun

if TYPE_CHECKING:
    from hsi_viewer.jobs.report.gather import Report

MAPS = ("envi", "confidence", "png", "tif")


def write_bundle(
    run: MappedRun,
    report: Report,
    path: Path,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> None:
    """Write map, confidence, labels, split, model, legend, settings, checksums and report.

    Parameters
    ----------
    run : what the bundle is of.
    report : of the run.
    path : of the archive.
    token : checked before each file.
    port : takes `Progress`.

    Raises
    ------
    ExportError
        if it cannot be written; an old file stays unchanged.
    """
    token, port = token or CancelToken(), port or SilentPort()
    port.report(Progress("Writing the bundle"))
    with TemporaryDirectory(prefix="hsi-bundle-") as name, replacing(path) as (new,):
        folder = Path(name)
        try:
            _write_files(run, report, folder, token)
        except ExportError as error:
            raise told_of(path, folder, error) from error
        token.check()
        manifest = _manifest(run, report)
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
            files = sorted(p for p in folder.rglob("*") if p.is_file())
            checksums = []
            for file in files:
                inside = file.relative_to(folder).as_posix()
                checksums.append(file_checksum(file, inside, token))
                archive.write(file, inside)
            archive.writestr(MANIFEST, replace(manifest, files=tuple(checksums)).text())


def _write_files(run: MappedRun, report: Report, folder: Path, token: CancelToken) -> None:
    from hsi_viewer.io.labels.label_writer import write_labels
    from hsi_viewer.jobs.report.write import write_report

    export_prediction(
        run.prediction, run.legend, run.cube, folder / "map", formats=MAPS, token=token
    )
    (folder / "labels").mkdir()
    write_labels(folder / "labels" / TRAINING[0], run.labels, run.legend, run.cube)
    if run.test is not None:
        write_labels(folder / "labels" / TEST[0], run.test, run.legend, run.cube)
    if run.background is not None and run.background.any():
        none = ClassLegend((LabelClass(1, "None of the classes", (128, 128, 128)),))
        ids = run.background.astype(np.uint16)
        write_labels(folder / "labels" / BACKGROUND[0], ids, none, run.cube)
    if run.cube.inside is not None:
        (folder / "region").mkdir()
        inside = run.cube.inside.astype(np.uint16)
        legend = ClassLegend([LabelClass(1, "Region of interest", (255, 255, 255))])
        write_labels(folder / "region" / REGION[0], inside, legend, run.cube)
    (folder / "model").mkdir()
    run.model.save(folder / "model")
    write_report(report, folder / "report", token)


def _manifest(run: MappedRun, report: Report) -> Manifest:
    facts = report.facts
    return Manifest(
        title=facts.title,
        scene=BundleScene(
            run.source,
            run.cube.rows,
            run.cube.columns,
            run.cube.bands,
            facts.data.values_sha256,
            facts.data.files,
            run.cube.inside is not None,
            None
            if run.cube.chosen is None
            else tuple((np.flatnonzero(run.cube.good_bands) + 1).tolist()),
        ),
        labels=run.labels_source,
        test=run.test_source,
        legend=tuple(BundleClass(c.id, c.name, c.colour) for c in run.classes),
        settings=BundleSettings(
            run.model.name,
            run.config,
            run.refine,
            tuple(asdict(step) for step in run.steps),
            run.continued,
        ),
        versions=dict(facts.versions),
    )
