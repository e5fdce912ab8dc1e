"""The facts of a report are those of the run, and its figures those of `assess`."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.ndimage import distance_transform_cdt

from hsi_viewer.core.assessment.areas import class_areas
from hsi_viewer.core.assessment.doubt_rule import DoubtRule
from hsi_viewer.core.assessment.label_assessment import assess_labels
from hsi_viewer.core.assessment.reference_sample import allocation, draw_sample, stratum_sizes
from hsi_viewer.core.assessment.sample_assessment import NO_SAMPLE, OTHER, assess_sample
from hsi_viewer.core.evidence import VoiceShare
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError
from hsi_viewer.jobs.report.gather import Report, class_facts, class_spectra, gather
from hsi_viewer.jobs.report.html import html_page
from hsi_viewer.jobs.report.methods import VOICES, described
from hsi_viewer.jobs.report.record import facts_record
from hsi_viewer.jobs.report.tables import csv_tables
from hsi_viewer.learning.cross_validation import evidence_of
from hsi_viewer.learning.voices.voice import KINDS
from tests.unit.jobs.report.made import NAMES, made_run
from tests.unit.learning.made import Recorder


@pytest.fixture(scope="module")
def run():
    return made_run()


@pytest.fixture(scope="module")
def report(run):
    return gather(run)


def test_the_figures_are_those_of_the_assessment(run, report):
    evidence = evidence_of(run.model, run.cube, run.labels, run.config)
    wanted = assess_labels(evidence, run.labels, run.model.class_ids, reach=0)
    found = report.facts.assessment
    assert found.separated.overall == wanted.separated.overall
    assert found.random.overall == wanted.random.overall
    np.testing.assert_array_equal(found.separated.matrix, wanted.separated.matrix)
    assert report.facts.honest == "cross-validation"
    assert report.facts.shown is found.separated


def test_classes_areas_and_spectra_are_those_of_map_and_cube(run, report):
    areas = {a.class_id: a for a in class_areas(run.prediction.class_map)}
    for c in report.facts.classes:
        assert (c.name, c.pixels) == (NAMES[c.id], areas[c.id].pixels)
        assert c.training == np.count_nonzero(run.labels == c.id) == 6
        assert c.square_metres is None
    assert sum(c.share for c in report.facts.classes) == pytest.approx(1)
    values = run.cube.read()
    for s in report.facts.spectra.classes:
        own = values[run.labels == s.class_id]
        np.testing.assert_allclose(s.mean, own.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(s.low, np.percentile(own, 10, axis=0), rtol=1e-5)
        np.testing.assert_allclose(s.high, np.percentile(own, 90, axis=0), rtol=1e-5)
    assert report.facts.spectra.unit == "band"


def test_labels_without_data_are_no_training_pixels(run):
    pixels = np.flatnonzero(run.labels)
    bare = SimpleNamespace(
        origin=run.cube, looked_at=lambda p, _token: (p != pixels[0], np.zeros(p.size, bool))
    )
    known = replace(run, model=SimpleNamespace(scenes=[bare]))
    lost = int(run.labels.flat[pixels[0]])
    counts = [5 if c.id == lost else 6 for c in run.classes]
    assert [c.training for c in class_facts(known)] == counts
    spectra = class_spectra(known, CancelToken(), SilentPort())
    assert [c.pixels for c in spectra.classes] == counts


def test_the_checksum_is_that_of_the_stored_values(run, report):
    values = run.cube.read().astype("<f4")
    wanted = hashlib.sha256(b"24 24 20 <f4" + values.tobytes()).hexdigest()
    assert report.facts.data.values_sha256 == wanted
    assert report.facts.data.files == ()


def test_every_layer_of_doubt_is_there(run, report):
    names = [layer.name for layer in report.facts.uncertainty.layers]
    assert names == [
        *("Confidence", "Margin", "Entropy", "Area of applicability", "Class set size")
    ]
    assert [p.name for p in report.pictures] == ["Class map", "Labels", *names]
    assert all(p.rgba.shape == (24, 24, 4) for p in report.pictures)
    mean = report.facts.uncertainty.layers[0].mean
    assert mean == pytest.approx(run.prediction.confidence.mean(), abs=1e-5)
    assert 0 <= report.facts.uncertainty.applicable.outside <= 1
    sets = report.facts.uncertainty.conformal
    assert 1 <= sets.mean_size <= 4
    shown = run.legend[9].colour
    assert tuple(report.pictures[0].rgba[23, 23, :3]) == shown


def test_a_map_without_probabilities_has_fewer_layers(run):
    bare = replace(run.prediction, probabilities=None)
    found = gather(replace(run, prediction=bare)).facts.uncertainty
    assert [layer.name for layer in found.layers] == ["Confidence", "Area of applicability"]
    assert found.conformal is None
    assert [text.partition(":")[0] for text in found.missing] == [
        *("Margin", "Entropy", "Disagreement of the exits", "Class set size")
    ]


def test_the_paragraph_follows_from_the_facts(report):
    facts = report.facts
    overall = facts.assessment.separated.overall
    assert f"{100 * overall.value:.1f} % (95 % interval {100 * overall.low:.1f} %" in facts.methods
    assert "(24 x 24 pixels, 20 bands)" in facts.methods
    assert "24 labelled pixels (6 to 6 per class), seed 0" in facts.methods
    assert facts.quote.startswith("Quote an overall accuracy of ")
    assert f"over {facts.assessment.separated.groups.count} groups" in facts.quote
    for author in ("Ledoit", "Roberts", "Cohen", "Meyer", "Sadinle", "Olofsson", "HSI Viewer"):
        assert any(author in reference for reference in facts.references)
    assert "random walker" not in facts.methods
    steps = (Cleaning(majority=3, minimum=8), DoubtRule(0.4))
    told = described(replace(facts, steps=steps))["methods"]
    assert "cleaned: majority of 3 x 3 pixels; regions below 8 pixels removed." in told
    assert "changed: pixels left unclassified: confidence below 40 %." in told


def test_a_reader_who_does_not_know_the_program_is_told_what_the_voices_are(report):
    assert set(VOICES) == {kind.name for kind in KINDS} | {"network"}
    evidence = report.facts.evidence
    shares = (
        VoiceShare("bands", "All bands", 0.7, -0.5),
        VoiceShare("surroundings", "Surroundings", 0.3, -0.6),
        VoiceShare("pixels", "Single pixels", 0.0, -0.9),
    )
    for heard, wanted in (
        (shares, "linear discriminant of all bands (0.70), a linear discriminant of components"),
        (shares[:1], "The map is that of a linear discriminant of all bands."),
    ):
        joined = replace(evidence, voices=heard)
        told = described(replace(report.facts, evidence=joined))["methods"]
        assert wanted in told
        assert "noise-adjusted" not in told
        assert ("weighted by cross-validation over" in told) == (len(heard) > 1)
    assert "the errors of neighbours are correlated" in told
    assert "several classifiers" not in report.facts.methods  # it is the linear discriminant's


@pytest.mark.parametrize("own", [True, False])
def test_reference_points_are_quoted_and_give_areas(run, report, own, monkeypatch):
    monkeypatch.setattr("hsi_viewer.jobs.report.html._chart", lambda _chart: "")  # seconds
    drawn_from = run.prediction.class_map.copy()
    if not own:
        drawn_from[0, 0] = 2 if drawn_from[0, 0] != 2 else 5
    sizes = stratum_sizes(drawn_from)
    sample = draw_sample(drawn_from, allocation(sizes, 40, 8), 3)
    truth = run.prediction.class_map.ravel()[sample.pixels].astype(np.int64)
    truth[:4] = OTHER
    found = assess_sample(sample, truth, run.prediction.class_map)
    facts = replace(report.facts, sample=found)
    told = described(facts)
    assert told["quote"].startswith("Quote an overall accuracy of ")
    assert f"estimated from {sample.pixels.size} reference points" in told["quote"]
    assert "None of the classes" in told["methods"]
    assert any("Stehman, S. V. (2014)" in r for r in told["references"]) != own
    record = facts_record(facts)
    shares = [c["share"]["value"] for c in record["areas"]["estimates"]["classes"]]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    page = html_page(Report(facts, report.pictures))
    assert "Reference points drawn at random" in page
    assert f"Estimated, {found.unit}" in page
    assert csv_tables(facts)["areas.csv"].count("Area, pixels") == len(shares)
    assert facts_record(report.facts)["areas"]["reason"] == NO_SAMPLE


def test_without_an_honest_figure_none_is_to_be_quoted(report):
    bare = replace(report.facts.assessment, separated=None)
    told = described(replace(report.facts, assessment=bare))
    assert told["quote"].startswith("No figure of this map can be quoted")
    assert "was not measured" in told["methods"]


def test_test_pixels_beyond_the_reach_are_the_honest_ones(run):
    test = np.where(run.labels > 0, 0, run.prediction.class_map).astype(np.uint16)
    found = gather(replace(run, test=test, test_source="truth.npy")).facts
    assert found.honest == "test pixels"
    apart = distance_transform_cdt(run.labels == 0, "chessboard") > 8  # though it looks at pixels
    assert found.assessment.separated.total == np.count_nonzero(apart) < np.count_nonzero(test)
    assert [c.test for c in found.classes] == [
        np.count_nonzero(test == c.id) for c in found.classes
    ]
    assert "measured on test pixels more than 8 pixels from the training pixels" in found.methods


def test_it_can_be_cancelled(run):
    token = CancelToken()
    with pytest.raises(TaskCancelledError):
        gather(run, token, Recorder(token, cancel_at=8))
