"""The cross-validation of a run on the disk: read as it was written, refused where it cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.assessment.label_assessment import assess_labels
from hsi_viewer.core.errors import ExportError, FormatError
from hsi_viewer.core.evidence import Evidence, HeldOut, RunEvidence
from hsi_viewer.session.storage.run_evidence import EVIDENCE, read_evidence, write_evidence

SHAPE = (40, 50)


def made() -> RunEvidence:
    """Four places of two classes, far apart, each held out once; three of four are right."""
    labels = np.zeros(SHAPE, np.uint16)
    for place, (row, column) in enumerate(((2, 2), (2, 40), (32, 2), (32, 40))):
        labels[row : row + 3, column : column + 3] = (3, 7)[place % 2]
    pixels = np.flatnonzero(labels)
    targets = (labels.ravel()[pixels] == 7).astype(np.int64)
    folds = (pixels // SHAPE[1] > 20).astype(np.int64)
    groups = 2 * folds + targets
    sure = np.where(groups == 3, 0.2, 0.9)[:, None]
    answers = np.where(np.eye(2)[targets] > 0, sure, 1 - sure).astype(np.float32)
    held = HeldOut(pixels, targets, groups, folds, answers)
    return RunEvidence(
        Evidence((), "full", 9, held, replace(held, folds=groups)), labels, (3, 7), 27
    )


def test_evidence_is_read_as_it_was_written_and_gives_the_same_figures(tmp_path):
    found = made()
    write_evidence(tmp_path, found)
    again = read_evidence(tmp_path, SHAPE)
    assert (again.class_ids, again.reach) == ((3, 7), 27)
    assert (again.evidence.walker, again.evidence.reach) == ("full", 9)
    np.testing.assert_array_equal(again.labels, found.labels)
    before, after = (
        assess_labels(e.evidence, e.labels, e.class_ids, reach=e.reach) for e in (found, again)
    )
    assert before.separated is not None
    assert after.separated.overall == before.separated.overall
    assert after.separated.overall.value == 0.75
    assert after.random.overall == before.random.overall
    assert after.warnings == before.warnings


def test_a_run_without_evidence_has_none(tmp_path):
    assert read_evidence(tmp_path, SHAPE) is None
    write_evidence(tmp_path, replace(made(), evidence=Evidence((), "none", 0)))
    again = read_evidence(tmp_path, SHAPE)
    assert again.evidence.separated is None
    assert again.evidence.random is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("labels", np.zeros((5, 5), np.uint16)),
        ("class_ids", np.array([7, 3])),
        ("class_ids", np.array([3])),
        ("reach", np.array([-1, 0])),
        ("separated.pixels", np.arange(36) + SHAPE[0] * SHAPE[1]),
        ("separated.pixels", np.zeros(36, np.int64)),
        ("separated.targets", np.full(36, 2)),
        ("separated.folds", np.full(36, -1)),
        ("separated.groups", np.zeros(35, np.int64)),
        ("random.probabilities", np.full((36, 2), np.nan, np.float32)),
        ("random.probabilities", np.zeros((36, 3), np.float32)),
        ("random.folds", np.zeros(36, np.float64)),
    ],
)
def test_evidence_that_cannot_be_is_refused(tmp_path, name, value):
    write_evidence(tmp_path, made())
    with np.load(tmp_path / EVIDENCE) as file:
        arrays = dict(file)
    np.savez(tmp_path / EVIDENCE, **{**arrays, name: value})
    with pytest.raises(FormatError, match=f"The accuracy of run {tmp_path.name} cannot be read"):
        read_evidence(tmp_path, SHAPE)


def test_damaged_bytes_are_refused(tmp_path):
    write_evidence(tmp_path, made())
    whole = (tmp_path / EVIDENCE).read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", whole[:300] + b"\0" * 40 + whole[340:]):
        (tmp_path / EVIDENCE).write_bytes(damaged)
        with pytest.raises(FormatError, match="cannot be read"):
            read_evidence(tmp_path, SHAPE)


def test_evidence_of_a_deleted_run_makes_no_folder_and_a_full_disk_is_said(tmp_path, monkeypatch):
    write_evidence(tmp_path / "deleted", made())
    assert not (tmp_path / "deleted").exists()
    (tmp_path / "run").mkdir()

    def full(*_a, **_k):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(ExportError, match="could not be written: No space left on device"):
        write_evidence(tmp_path / "run", made())
    assert list((tmp_path / "run").iterdir()) == []


def test_evidence_of_too_many_bytes_is_neither_written_nor_read(tmp_path, monkeypatch):
    held = made().evidence.separated
    arrays = (held.pixels, held.targets, held.groups, held.folds, held.probabilities)
    module = "hsi_viewer.session.storage.run_evidence.MOST_BYTES"
    least = 2 * sum(array.nbytes for array in arrays)
    monkeypatch.setattr(module, least - 1)
    write_evidence(tmp_path, made())
    assert read_evidence(tmp_path, SHAPE) is None
    monkeypatch.setattr(module, least + 200)  # ids and settings take some
    write_evidence(tmp_path, made())
    assert read_evidence(tmp_path, SHAPE) is not None
    monkeypatch.setattr(module, least - 1)
    with pytest.raises(FormatError, match="another scene"):
        read_evidence(tmp_path, SHAPE)
