"""Tables and records of a report hold its facts, cell by cell."""

from __future__ import annotations

import csv
import dataclasses
import io

import numpy as np
from msgspec.structs import replace

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.confusion_table import accuracy_table, confusion_table
from hsi_viewer.core.assessment.doubt_rule import DoubtRule
from hsi_viewer.core.assessment.sample_assessment import OTHER, sample_table
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.jobs.accuracy_record import accuracy_record, rounded
from hsi_viewer.jobs.report.record import facts_record
from hsi_viewer.jobs.report.tables import class_accuracy, csv_tables
from tests.unit.jobs.report.by_hand import (
    CLASSES,
    RANDOM,
    SEPARATED,
    SPECTRA,
    assessed,
    made_facts,
    sample,
)

NONE = Assessment(None, None, None, None, 0, 0)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_which_tables_there_are():
    full = {
        "classes.csv", "class_spectra.csv", "training.csv", "accuracy_separated.csv",
        "confusion_separated.csv", "accuracy_random.csv", "confusion_random.csv",
    }  # fmt: skip
    assert csv_tables(made_facts()).keys() == full
    assert csv_tables(made_facts(sample=sample())).keys() == full | {"areas.csv"}
    bare = made_facts(
        assessment=NONE, epochs=(), spectra=replace(SPECTRA, classes=()), classes=CLASSES[:1]
    )
    assert csv_tables(bare).keys() == {"classes.csv"}


def test_each_table_cell_by_cell():
    facts = made_facts()
    tables = csv_tables(facts)
    assert rows(tables["classes.csv"]) == [
        ["class_id", "class_name", "training_pixels", "test_pixels", "map_pixels", "map_share",
         "map_area_m2"],
        ["2", "Corn", "12", "10", "1500", "0.600000", "150000"],
        ["5", "Oats", "1", "10", "1000", "0.400000", "100000"],
    ]  # fmt: skip
    assert rows(tables["class_spectra.csv"]) == [
        ["wavelength_nm", "Corn, mean", "Corn, 10 %", "Corn, 90 %", "Oats, mean", "Oats, 10 %",
         "Oats, 90 %"],
        ["400.4", "0.25", "0", "1", "0.125", "0", "3"],
        ["500", "0.5", "0", "1", "1", "0", "3"],
        ["450", "", "0", "1", "2", "0", "3"],
    ]  # fmt: skip
    assert rows(tables["training.csv"]) == [
        ["report", "epoch", "epochs", "loss", "accuracy_exit_1", "accuracy_exit_2"],
        ["1", "1", "2", "0.5", "0.25", "0.5"],
        ["2", "2", "2", "0.25", "0.5", "0.75"],
    ]
    for name, report in (("separated", SEPARATED), ("random", RANDOM)):
        assert tables[f"accuracy_{name}.csv"] == accuracy_table(report, facts.name_of).csv()
        assert tables[f"confusion_{name}.csv"] == confusion_table(report, facts.name_of).csv()
    found = sample()
    areas = csv_tables(replace(facts, sample=found))["areas.csv"]
    assert areas == sample_table(found, facts.name_of).csv()


def test_what_is_not_known_is_left_out_of_the_tables():
    without = tuple(dataclasses.replace(c, square_metres=None) for c in CLASSES)
    one = (CLASSES[0], without[1])
    for classes in (without, one):
        head, first, _ = rows(csv_tables(made_facts(classes=classes))["classes.csv"])
        assert (head[-1], first[-1]) == ("map_share", "0.600000")
    elsewhere = csv_tables(made_facts(trained_elsewhere=True))["classes.csv"]
    assert rows(elsewhere)[1][:4] == ["2", "Corn", "", "10"]
    bands = csv_tables(made_facts(spectra=replace(SPECTRA, unit="band", positions=(1.0, 2.0, 3.0))))
    assert [row[0] for row in rows(bands["class_spectra.csv"])] == ["band", "1", "2", "3"]


def test_accuracy_by_class_in_a_table():
    lone = AccuracyReport((2, 5, 9), np.diag([8, 1200, 0]), np.array([2, 0, 0]))
    table = class_accuracy(lone, "class {}".format)
    assert table.title == f"Accuracy in percent with 95 % intervals. {lone.basis}"
    assert table.head == ("Class", "Test pixels", "Producer's accuracy", "User's accuracy", "F1")
    assert table.rows[0][:4] == ("class 2", "10", "80.0 (49.0 to 94.3)", "100.0 (67.6 to 100.0)")
    assert table.rows[1][:3] == ("class 5", "1,200", "100.0 (99.7 to 100.0)")
    assert table.rows[2] == ("class 9", "0", "undefined", "undefined", "undefined")
    few = dataclasses.replace(
        SEPARATED,
        groups=replace(SEPARATED.groups, truth=SEPARATED.groups.truth * np.array([[1], [0], [0]])),
    )
    assert class_accuracy(few, str).rows[0][2] == "66.7"


def test_accuracy_as_report_json_has_it():
    record = accuracy_record(RANDOM)
    assert (record["test_pixels"], record["groups"]) == (20, None)
    assert (record["overall"], record["average"]) == (0.9, 0.9)
    assert record["overall_interval"] == [0.698966, 0.972134]
    assert record["kappa"] == round(RANDOM.kappa, 6)
    kappa = RANDOM.kappa_interval
    assert record["kappa_interval"] == [round(kappa.low, 6), round(kappa.high, 6)]
    average = RANDOM.average_interval
    assert record["average_interval"] == [round(average.low, 6), round(average.high, 6)]
    corn, oats = record["by_class"]
    assert (corn["id"], corn["test_pixels"], corn["producers"], corn["users"]) == (2, 10, 0.9, 1.0)
    assert (oats["id"], oats["producers"], oats["users"], oats["f1"]) == (5, 0.9, 0.9, 0.9)
    assert accuracy_record(SEPARATED)["groups"] == 3
    assert rounded(float("nan")) is None
    assert rounded(1 / 3) == 0.333333


def test_the_facts_as_json():
    record = facts_record(made_facts())
    found = record["accuracy"]
    assert record["title"] == "Class map of made"
    assert record["quote"] == "Quote this."
    assert record["methods"] == "It was done so."
    assert record["references"] == ["Somebody (2000)."]
    assert record["warnings"] == ["Few labels."]
    assert (record["labels"], record["test"], record["classifier"]) == (
        "labels.npy",
        "test.npy",
        "SDHSI-Net",
    )
    assert record["map"] == "SDHSI-Net, refined"
    assert record["settings"] == {
        "classifier": "sdhsi",
        "preset": "fast",
        "seed": 3,
        "refine": "auto",
    }
    assert record["seconds"] == {"train": 1.26, "predict": 0.5}
    assert record["versions"] == {"python": "3.11", "hsi-viewer": "1.2.3"}
    assert record["data"]["wavelengths"] == [400.4, 899.6]
    assert record["data"]["files"] == [{"name": "made.img", "size": 1234, "sha256": "f" * 64}]
    assert record["classes"][0] == {
        "id": 2, "name": "Corn", "colour": [250, 1, 2], "training": 12, "test": 10, "pixels": 1500,
        "share": 0.6, "square_metres": 150000.0,
    }  # fmt: skip
    assert record["voices"][1] == {
        "name": "network", "title": "Network", "weight": 0.296, "score": None,
    }  # fmt: skip
    assert (record["walker"], record["evidence"]) == (
        "weak",
        "all bands 0.70, network 0.30, by 4 spatial folds",
    )
    assert found["honest"] == "cross-validation"
    assert found["separation"] == {"least": 9, "median": 12.5, "reach": 5}
    assert found["sentence"] == made_facts().assessment.sentence
    assert found["calibration_error"] == 0.3
    assert found["reliability"] == {
        "edges": [0.0, 0.5, 1.0],
        "counts": [0, 4],
        "confidence": [None, 0.8],
        "accuracy": [None, 0.5],
    }
    assert found["random"]["matrix"] == {
        "class_ids": [2, 5],
        "counts": [[9, 1], [0, 9]],
        "unclassified": [0, 1],
    }
    assert found["random"]["basis"] == RANDOM.basis
    assert found["separated"]["groups"] == 3
    assert record["training"][1] == {
        "epoch": 2, "epochs": 2, "loss": 0.25, "exit_accuracy": [0.5, 0.75],
    }  # fmt: skip
    assert record["spectra"]["unit"] == "nm"
    assert record["spectra"]["positions"] == [400.4, 500.0, 450.0]
    assert record["spectra"]["classes"][0] == {
        "id": 2, "pixels": 12, "mean": [0.25, 0.5, None], "p10": [0.0] * 3, "p90": [1.0] * 3,
    }  # fmt: skip
    assert record["uncertainty"] == {
        "layers": [
            {"name": "Margin", "about": "About the margin.", "low": 0.0, "high": 1.0, "mean": 0.625}
        ],
        "applicable": {"threshold": 0.4444, "outside": 0.125},
        "conformal": {"coverage": 0.9, "threshold": 0.3, "mean_size": 1.234, "single": 0.75},
        "missing": ["Entropy: it is not known."],
    }
    assert (record["cleanings"], record["unclassified"]) == ([], [])


def test_what_is_not_known_is_null_in_json():
    bare = made_facts(assessment=NONE, trained_elsewhere=True)
    bare = replace(bare, evidence=replace(bare.evidence, voices=()))
    record = facts_record(bare)
    assert record["evidence"] is None
    assert [c["training"] for c in record["classes"]] == [None, None]
    assert record["accuracy"] == {
        "honest": None, "separated": None, "random": None, "sentence": None,
        "separation": {"least": None, "median": None, "reach": 0},
        "calibration_error": None, "reliability": None,
    }  # fmt: skip
    assert record["areas"]["estimates"] is None
    steps = (Cleaning(merge={5: 2}), DoubtRule(0.4))
    record = facts_record(made_facts(steps=steps, seconds={"train": 1 / 3}))
    assert [c["merge"] for c in record["cleanings"]] == [{"5": 2}]
    assert record["unclassified"] == ["confidence below 40 %"]
    assert record["seconds"] == {"train": 0.333333}


def test_what_facts_know_of_themselves():
    facts = made_facts()
    assert facts.training == 13
    assert [facts.name_of(i) for i in (2, 0, 7, OTHER)] == [
        "Corn",
        "Unclassified",
        "Class 7",
        "None of the classes",
    ]
    assert (facts.shown, facts.honest) == (SEPARATED, "cross-validation")
    assert assessed(separated_on="test pixels").honest == "test pixels"
    alone = assessed(separated=None)
    assert (alone.shown, alone.honest) == (RANDOM, None)
