from __future__ import annotations

import json
import os
import zlib

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.assessment.comparison import mcnemar, transitions
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.errors import ExportError, FormatError
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.training import EpochReport
from hsi_viewer.session.storage.training_runs import (
    APPLIED,
    FACTS,
    MAPS,
    MODEL,
    KeptMap,
    Run,
    TrainingRuns,
    accuracy_facts,
    read_map,
    write_run,
)

SHAPE = (5, 6)


def kept(seed: int = 0, *, disagreement: bool = True) -> KeptMap:
    chance = np.random.default_rng(seed)
    return KeptMap(
        Prediction(
            chance.integers(0, 4, SHAPE).astype(np.uint16),
            chance.random(SHAPE).astype(np.float32),
            (1, 2, 3),
            disagreement=chance.random(SHAPE).astype(np.float32) if disagreement else None,
            source="made",
        ),
        chance.random(SHAPE) > 0.5,
    )


def save_model(folder):
    for name in MODEL:
        (folder / name).write_text("model")


def run_of(number: int, **fields) -> Run:
    return Run(number, f"Run {number}", "2026-11-22T23:00:00+00:00", **fields)


def entered(training_runs: TrainingRuns, number: int, **fields) -> Run:
    run = write_run(training_runs.folder, run_of(number, **fields), kept(number), save_model)
    training_runs.enter(run)
    return run


@pytest.mark.parametrize("disagreement", [True, False])
def test_a_run_is_read_as_it_was_written(tmp_path, disagreement):
    run = run_of(
        1,
        class_ids=(1, 2, 3),
        source="made",
        config={"seed": 4},
        accuracy={"overall": 0.5},
        training=(EpochReport(1, 2, 0.5, (0.25, 0.75)),),
    )
    made = kept(disagreement=disagreement)
    write_run(tmp_path, run, made, save_model)
    training_runs = TrainingRuns(tmp_path)
    assert training_runs.load() == []
    assert training_runs.runs == (run,)
    assert set(training_runs.files(1)) == {FACTS, MAPS, *MODEL}
    assert read_map(tmp_path, run, (*SHAPE, 4)).prediction.region is None
    again = read_map(tmp_path, run, (*SHAPE, 4))
    np.testing.assert_array_equal(again.prediction.class_map, made.prediction.class_map)
    np.testing.assert_array_equal(again.trained_on, made.trained_on)
    np.testing.assert_allclose(again.prediction.confidence, made.prediction.confidence, atol=5e-4)
    assert (again.prediction.disagreement is None) != disagreement
    assert again.prediction.class_ids == (1, 2, 3)
    assert again.prediction.source == "made"
    assert training_runs.new_id() == 2


def test_every_file_of_a_run_is_on_the_disk_before_the_run_has_its_name(tmp_path, monkeypatch):
    flushed = []

    def noted(handle):
        flushed.append(os.fstat(handle).st_ino)
        assert not (tmp_path / "1").exists()

    monkeypatch.setattr(os, "fsync", noted)
    entered(TrainingRuns(tmp_path), 1)
    assert {p.stat().st_ino for p in (tmp_path / "1").iterdir()} <= set(flushed)


def test_of_runs_after_strokes_the_last_one_stays(tmp_path):
    training_runs = TrainingRuns(tmp_path)
    entered(training_runs, training_runs.new_id())
    for _ in range(3):
        entered(training_runs, training_runs.new_id(), live=True)
    assert [r.id for r in training_runs.runs] == [1, 4]
    entered(training_runs, training_runs.new_id())
    entered(training_runs, training_runs.new_id(), live=True)
    assert [r.id for r in training_runs.runs] == [1, 4, 5, 6]
    assert sorted(p.name for p in tmp_path.glob("[0-9]*")) == ["1", "4", "5", "6"]


def test_rename_and_remove(tmp_path):
    training_runs, received = TrainingRuns(tmp_path), []
    entered(training_runs, 1)
    entered(training_runs, 2)
    training_runs.changed.connect(lambda: received.append(len(training_runs.runs)))
    training_runs.rename(1, "First try")
    training_runs.remove(2)
    assert received == [2, 1]
    again = TrainingRuns(tmp_path)
    again.load()
    assert [r.title for r in again.runs] == ["First try"]


def test_a_failed_write_leaves_nothing(tmp_path):
    def full(_folder):
        raise OSError(28, "No space left on device")

    with pytest.raises(ExportError, match="No space left"):
        write_run(tmp_path / "runs", run_of(1), kept(), full)
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 2, "title": "x", "time": ""}'])
def test_damaged_facts_are_reported_and_the_others_read(tmp_path, text):
    training_runs = TrainingRuns(tmp_path)
    entered(training_runs, 1)
    entered(training_runs, 3)
    (tmp_path / "1" / FACTS).write_text(text)
    again = TrainingRuns(tmp_path)
    problems = again.load()
    assert len(problems) == 1
    assert "run 1" in problems[0]
    assert [r.id for r in again.runs] == [3]


def test_facts_of_a_newer_version_are_read_tolerantly(tmp_path):
    training_runs = TrainingRuns(tmp_path)
    run = entered(training_runs, 1)
    facts = tmp_path / "1" / FACTS
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "mood": "good"}))
    again = TrainingRuns(tmp_path)
    assert again.load() == []
    assert again.runs == (run,)


@pytest.mark.parametrize(("inside", "bands"), [(True, True), (True, False), (False, True)])
def test_a_run_keeps_its_region_and_bands(tmp_path, inside, bands):
    region = RegionOfInterest(
        np.arange(30).reshape(SHAPE) > 7 if inside else None,
        np.array([True, False, True, True]) if bands else None,
    )
    made, run = kept(), run_of(1, class_ids=(1, 2, 3))
    made = replace(made, prediction=replace(made.prediction, region=region))
    write_run(tmp_path, run, made, None)
    again = read_map(tmp_path, run, (*SHAPE, 4)).prediction.region
    for name in ("inside", "bands"):
        written, read = getattr(region, name), getattr(again, name)
        assert (written is None) == (read is None)
        assert written is None or np.array_equal(written, read)
    if bands:
        with pytest.raises(FormatError, match="size from the cube"):
            read_map(tmp_path, run, (*SHAPE, 5))


def test_damaged_maps_are_reported(tmp_path):
    training_runs = TrainingRuns(tmp_path)
    run = entered(training_runs, 1)
    with pytest.raises(FormatError, match="size from the cube"):
        read_map(tmp_path, run, (6, 5, 4))
    maps = tmp_path / "1" / MAPS
    maps.write_bytes(maps.read_bytes()[:100])
    with pytest.raises(FormatError, match="cannot be read"):
        read_map(tmp_path, run, (*SHAPE, 4))


def test_maps_that_are_damaged_anywhere_are_reported(tmp_path):
    training_runs = TrainingRuns(tmp_path)
    run = entered(training_runs, 1)
    maps = tmp_path / "1" / MAPS
    whole = maps.read_bytes()
    chance, causes = np.random.default_rng(3), set()
    for _ in range(600):
        data = bytearray(whole)
        for at in chance.integers(0, len(data), 2):
            data[at] = chance.integers(256)
        maps.write_bytes(data)
        try:
            read_map(tmp_path, run, (*SHAPE, 4))
        except FormatError as error:
            cause = error.__cause__
            while cause is not None:
                causes.add(type(cause))
                cause = cause.__cause__
    assert zlib.error in causes


# comparison ----------------------------------------------------------------------------------


@pytest.mark.parametrize("beside", [11, 22])
def test_mcnemar_exact_against_the_binomial(beside):
    """Up to 25 pixels."""
    from scipy.stats import binomtest

    truth = np.ones(30, np.uint16)
    first, second = truth.copy(), truth.copy()
    first[:3] = 2
    second[5 : 5 + beside] = 2
    test = mcnemar(first, second, truth)
    assert (test.only_first, test.only_second, test.total) == (beside, 3, 30)
    assert test.p == pytest.approx(binomtest(3, 3 + beside).pvalue)


def test_mcnemar_of_many_pixels_against_chi_squared():
    from scipy.stats import chi2

    truth = np.ones(1000, np.uint16)
    first, second = truth.copy(), truth.copy()
    first[:30] = 2
    second[100:160] = 2
    test = mcnemar(first, second, truth)
    assert test.p == pytest.approx(chi2.sf((60 - 30 - 1) ** 2 / 90, 1))


def test_mcnemar_of_equal_maps_and_without_test_pixels():
    truth = np.ones((2, 3), np.uint16)
    assert mcnemar(truth, truth, truth).p == 1.0
    assert mcnemar(truth, truth, truth * 0) is None


def test_transitions_are_counted_commonest_first():
    first = np.array([1, 1, 1, 2, 3, 0], np.uint16)
    second = np.array([2, 2, 1, 3, 3, 65535], np.uint16)
    count, listed = transitions(first, second)
    assert count == 4
    assert [(t.before, t.after, t.pixels) for t in listed] == [(1, 2, 2), (0, 65535, 1), (2, 3, 1)]
    assert transitions(first, first) == (0, ())
    assert len(transitions(first, second, most=1)[1]) == 1


# damaged runs --------------------------------------------------------------------------------


def without(path):
    path.unlink()


def a_folder(path):
    path.unlink()
    path.mkdir()


def a_file_for_the_run(path):
    for member in path.parent.iterdir():
        member.unlink()
    path.parent.rmdir()
    path.parent.write_text("a file")


def holding(text):
    return lambda path: path.write_bytes(text if isinstance(text, bytes) else text.encode())


def with_fact(name, value):
    def change(path):
        facts = json.loads(path.read_text())
        path.write_text(json.dumps({**facts, name: value}))

    return change


DAMAGED_RUNS = [
    without, a_folder, a_file_for_the_run, holding(""), holding("{"), holding("[]"),
    holding("null"), holding("[" * 100_000), holding(b"\xff\xfe\x00"), holding("x" * 2**21),
    with_fact("id", 10**400), with_fact("id", "1"), with_fact("id", True), with_fact("title", 5),
    with_fact("title", None), with_fact("time", 10**400), with_fact("seconds", "long"),
    with_fact("seconds", 10**400), with_fact("seconds", float("nan")), with_fact("seconds", -1),
    with_fact("config", []), with_fact("config", "x"), with_fact("source", {}),
    with_fact("labelled", 2.5), with_fact("labelled", -1), with_fact("labelled", 10**30),
    with_fact("class_ids", [1.5]), with_fact("class_ids", 7), with_fact("class_ids", [70_000]),
    with_fact("accuracy", {"overall": "good"}), with_fact("accuracy", []),
    with_fact("accuracy", {"overall": float("inf")}), with_fact("live", "yes"),
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED_RUNS)
def test_a_damaged_run_is_reported_and_neither_blocks_its_number_nor_the_others(tmp_path, damage):
    folder = tmp_path / "runs"
    training_runs = TrainingRuns(folder)
    for number in (1, 2, 10):
        entered(training_runs, number)
    damage(folder / "10" / FACTS)
    again = TrainingRuns(folder)
    (problem,) = again.load()
    assert problem.startswith("The details of run 10 are damaged: ")
    assert len(problem) < 300
    assert [r.id for r in again.runs] == [1, 2]
    number = again.new_id()
    assert number == 11
    entered(again, number)
    assert [r.id for r in again.runs] == [1, 2, 11]


def test_what_lies_in_the_way_of_a_number_is_passed(tmp_path):
    training_runs = TrainingRuns(tmp_path)
    training_runs.load()
    (tmp_path / "1").write_text("a file")
    (tmp_path / "2").mkdir()
    (tmp_path / ("9" * 30)).mkdir()
    (tmp_path / "12 old").mkdir()
    assert training_runs.new_id() == 3
    again = TrainingRuns(tmp_path)
    assert len(again.load()) == 2
    assert again.new_id() == 3


def test_only_files_that_are_there_belong_to_a_run(tmp_path):
    training_runs = TrainingRuns(tmp_path)
    entered(training_runs, 1)
    (tmp_path / "1" / MODEL[0]).unlink()
    (tmp_path / "1" / "notes.txt").write_text("not of a run")
    assert training_runs.files(1) == {n: tmp_path / "1" / n for n in (FACTS, MAPS, MODEL[1])}


def test_a_run_keeps_the_figures_of_its_accuracy_that_are_known():
    truth = np.array([[1, 1, 1, 2, 2, 2]], np.uint16)
    report = score(np.array([[1, 1, 2, 2, 2, 2]], np.uint16), truth, drawn_at_random=True)
    facts = accuracy_facts(report)
    assert facts == pytest.approx(
        {
            "overall": 5 / 6,
            "low": report.overall.low,
            "high": report.overall.high,
            "average": 5 / 6,
            "kappa": 2 / 3,
            "total": 6,
        }
    )
    one_class = score(np.array([[1, 1]], np.uint16), np.array([[1, 1]], np.uint16))
    known = accuracy_facts(one_class)
    assert known["overall"] == 1.0
    assert not any(np.isnan(v) for v in known.values())
    assert set(known) < set(facts)
    assert accuracy_facts(None) is None


def test_the_honest_figures_of_a_run_are_kept_without_leaving_anything_unsaved(tmp_path):
    training_runs, received = TrainingRuns(tmp_path), []
    entered(training_runs, 1)
    training_runs.changed.connect(lambda: received.append(1))
    training_runs.measure(1, {"overall": 0.75})
    assert received == []
    again = TrainingRuns(tmp_path)
    again.load()
    assert again.runs == training_runs.runs
    assert again.runs[0].honest == {"overall": 0.75}
    training_runs.measure(1, None)
    assert training_runs.runs[0].honest is None


def test_a_run_knows_the_model_that_its_map_came_from():
    assert run_of(1).applied is None
    assert run_of(1, config={APPLIED: "fields.hsimodel"}).applied == "fields.hsimodel"
