"""A drive that goes away while something is written to it is one sentence, whichever look fails."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

import hsi_viewer
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.io.labels.label_writer import write_labels
from hsi_viewer.io.labels.legend_file import write_legend
from hsi_viewer.io.libraries.spectral_library import write_library
from hsi_viewer.io.regions.vector_writer import move_to
from hsi_viewer.io.writers.cube_writer import write_cube

IDS = np.ones((3, 4), np.uint16)
CUBE = HyperCube.from_array(np.ones((3, 4, 2), np.float32))
LEGEND = ClassLegend([LabelClass(1, "Soil", (200, 0, 0))])
LIBRARY = SpectralLibrary(("a",), np.arange(5.0), np.ones((1, 5)), "x", ())
SURE = np.ones((3, 4), np.float32)
PREDICTION = Prediction(IDS, SURE, (1,), SURE[..., None])
MOST = 100  # looks at the disk; what takes more never ends


def exported(kind: str):
    return lambda folder: hsi_viewer.export_prediction(
        PREDICTION, {1: "Soil"}, CUBE, folder, formats=kind
    )


WRITERS = {
    "map": exported("envi"),
    "cube": lambda folder: write_cube(CUBE, folder / "a.hdr"),
    "labels": lambda folder: write_labels(folder / "a.hdr", IDS, LEGEND, CUBE),
    "library": lambda folder: write_library(folder / "a.hdr", LIBRARY),
    "legend": lambda folder: write_legend(folder / "a.hdr", LEGEND),
    "what GDAL has made": lambda folder: move_to(Path(__file__), folder / "a.py"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_drive_that_has_gone_is_told(tmp_path, monkeypatch, kind):
    drive, looks, lasts = tmp_path / "drive", 0, 0

    def going(real):
        def call(name, *args, **options):
            nonlocal looks
            if isinstance(name, str | os.PathLike) and os.fspath(name).startswith(str(drive)):
                looks += 1
                if looks > lasts:
                    raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), str(name))
            return real(name, *args, **options)

        return call

    monkeypatch.setattr(os, "fsync", lambda _handle: None)  # nobody pulls a plug here
    for name in ("stat", "lstat", "mkdir", "unlink", "replace", "scandir", "listdir"):
        monkeypatch.setattr(os, name, going(getattr(os, name)))
    told = []
    while lasts < MOST:
        looks = 0
        try:
            WRITERS[kind](drive)
        except ExportError as error:
            told.append(str(error))
            lasts += 1
        else:
            break
    assert 5 < lasts < MOST
    for message in told:
        assert f"could not be written: {os.strerror(errno.ENODEV)}. Choose another" in message
        assert Path(message.partition(" could")[0]).parent == drive
