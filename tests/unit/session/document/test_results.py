"""Results: kept by the document, dropped when they no longer hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hsi_viewer.analysis.library_matching import fitted
from hsi_viewer.analysis.scatter import Channel, scatter
from hsi_viewer.analysis.spectral_angle import angle_map
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.results import ModelResult


@pytest.fixture
def document() -> Document:
    values = np.arange(60, dtype=np.float32).reshape(3, 4, 5) + 1
    return Document(HyperCube.from_array(values, wavelengths=[400, 500, 600, 700, 800]))


def library(name: str, value: float) -> SpectralLibrary:
    nm = np.arange(400.0, 801.0, 100.0)
    return SpectralLibrary(("Oak",), nm, np.full((1, 5), value), name=name)


def fill(document: Document) -> None:
    cube, results = document.cube, document.results
    results.angle_map = angle_map(cube, cube.spectrum(1, 2), "a pixel")
    results.scatter = scatter(cube, Channel("band", 0), Channel("band", 4))
    results.add_libraries((fitted(library("trees", 1.0), cube),))
    results.model = ModelResult(object(), np.ones((3, 4), bool))


def test_a_new_document_has_no_results(document):
    results = document.results
    assert results.angle_map is None
    assert results.scatter is None
    assert results.model is None
    assert results.libraries == ()


def test_each_document_has_results_of_its_own(document):
    fill(document)
    assert Document(document.cube).results.angle_map is None
    assert document.results.angle_map.within(0)[1, 2]


def test_other_metadata_drop_what_was_measured_and_keep_the_rest(document):
    fill(document)
    document.set_cube(replace(document.cube, nodata=5.0))
    assert document.results.angle_map is None
    assert document.results.scatter is None
    assert [x.library.name for x in document.results.libraries] == ["trees"]
    assert document.results.model.labelled.all()


def test_results_are_dropped_before_others_hear_of_the_metadata(document):
    fill(document)
    seen = []
    document.cube_changed.connect(lambda: seen.append(document.results.angle_map))
    document.set_cube(replace(document.cube, scale=2.0))
    assert seen == [None]


def test_a_library_takes_the_place_of_one_of_the_same_name(document):
    results, cube = document.results, document.cube
    results.add_libraries((fitted(library("trees", 1.0), cube), fitted(library("soil", 2.0), cube)))
    results.add_libraries((fitted(library("trees", 3.0), cube),))
    assert [x.library.name for x in results.libraries] == ["soil", "trees"]
    assert results.libraries[1].library.spectra[0, 0] == 3.0


def test_an_assessment_and_what_is_under_way_are_told_together(document):
    results, told = document.results, []
    results.assessed.connect(lambda: told.append((results.assessment, results.assessing)))
    found = object()
    results.show_assessment(None, "Held-out labels are mapped")
    results.show_assessment(found)
    assert told == [(None, "Held-out labels are mapped"), (found, "")]
