"""What people read of results and of what happened: representations and lines of the log."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.sampling import Draw
from hsi_viewer.core.log_entry import LEVELS, MOST_DETAIL, LogEntry
from hsi_viewer.core.prediction import Prediction

IDS = np.array([[0, 1, 1], [2, 1, 0]], np.uint16)


def test_labels_are_described_by_their_name_size_and_classes():
    words = '"fields.tif": 2 x 3, 4 labelled pixels of 2 classes'
    assert repr(ImportedLabels(IDS, name="fields.tif")) == f"<ImportedLabels {words}>"
    assert repr(LabelFile(IDS, name="fields.tif")) == f"<LabelFile {words}>"
    nothing = repr(LabelFile(np.zeros((1, 1), np.uint16)))
    assert nothing == '<LabelFile "labels": 1 x 1, 0 labelled pixels of 0 classes>'


@pytest.mark.parametrize("kind", [ImportedLabels, LabelFile])
def test_labels_are_arrays_of_their_ids(kind):
    labels = kind(IDS)
    np.testing.assert_array_equal(np.asarray(labels), IDS)
    copied = np.array(labels, np.int64, copy=True)
    assert copied.dtype == np.int64
    assert not np.shares_memory(copied, IDS)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"source": "LDA"}, "2 x 3, 2 classes, mean confidence 0.50: LDA"),
        ({"final": False}, "2 x 3, 2 classes, mean confidence 0.50, not final: unknown source"),
    ],
)
def test_a_prediction_is_described_by_its_classified_pixels(fields, words):
    confidence = np.array([[1.0, 0.2, 0.4], [0.6, 0.8, 1.0]], np.float32)
    assert repr(Prediction(IDS, confidence, (1, 2), **fields)) == f"<Prediction {words}>"


def test_a_prediction_without_a_classified_pixel_has_no_mean_confidence():
    empty = Prediction(np.zeros((4, 5), np.uint16), np.zeros((4, 5), np.float32), (1, 2, 3))
    assert repr(empty) == "<Prediction 4 x 5, 3 classes: unknown source>"


def test_an_accuracy_is_described_by_its_figures():
    truth = np.array([[1, 1, 1, 1, 2]], np.uint16)
    report = score(np.array([[1, 1, 1, 2, 2]], np.uint16), truth)
    words = "overall 0.8000, average 0.8750, kappa 0.5455: 5 test pixels of 2 classes"
    assert repr(report) == f"<AccuracyReport {words}>"


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (Draw(10), "10 pixels per class, seed 0"),
        (Draw(2.5, "percent", "fields", 7), "2.5 % per class, separate fields, seed 7"),
    ],
)
def test_a_draw_is_described_by_what_repeats_it(draw, words):
    assert str(draw) == words


def test_an_entry_of_the_log_is_one_line_and_its_detail():
    time = datetime(2026, 11, 9, 8, 7, 6)
    entry = LogEntry(time, "warning", "Two\nlines", "Traceback\n  with a \x07")
    assert entry.as_text == "2026-11-09 08:07:06 WARNING Two lines\nTraceback\n  with a \\x07"
    assert LogEntry(time, "info", "Saved").as_text == "2026-11-09 08:07:06 INFO Saved"
    assert len(LogEntry(time, "error", "x", "y" * 2 * MOST_DETAIL).detail) <= MOST_DETAIL
    assert LEVELS == ("info", "success", "warning", "error")
