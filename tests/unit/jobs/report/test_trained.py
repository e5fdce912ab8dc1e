"""The report of a model of several scenes: every sentence and every cell."""

from __future__ import annotations

import json

import pytest

from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.jobs.report.trained import (
    NO_MAP,
    HeldOutScene,
    SceneFigures,
    TrainedClass,
    TrainedRecord,
    TrainedScene,
    write_trained,
)
from tests.unit.learning.made import Recorder

HELD = SceneFigures(0.85, 0.7525, (HeldOutScene("a", 0.9, 1200), HeldOutScene("b", 0.605, 300)))
SCENES = (TrainedScene("a.hdr", "a.npy", 1000), TrainedScene("b.hdr", "b.npy", 234))
CLASSES = (TrainedClass(2, "Corn", (1, 2, 3)), TrainedClass(5, "Oats", (3, 2, 1)))
FULL = TrainedRecord(
    SCENES, CLASSES, "lda", 7, "scene", HELD, {"train": 1.26}, {"hsi-viewer": "1.2.3"}, ("Odd.",)
)
BARE = TrainedRecord(SCENES[:1], CLASSES, "lda")
QUOTE = (
    "Quote an overall accuracy of 85.0 % on scenes that were not trained on (mean of 2 scenes "
    "75.2 %): each was mapped by a model of the others. Too few scenes are known for an interval."
)
NONE = "How well it maps other scenes is not known: no scene could be held out."


def test_the_sentences():
    assert (FULL.title, BARE.title) == ("Model of 2 scenes", "Model of 1 scene")
    assert (FULL.quote, BARE.quote) == (QUOTE, NONE)
    assert FULL.methods == (
        "Linear discriminant was trained on 1,234 labelled pixels of 2 scenes into 2 "
        "classes with HSI Viewer 1.2.3, seed 7; spectra were standardised scene by scene. " + QUOTE
    )
    assert BARE.methods == (
        "Linear discriminant was trained on 1,000 labelled pixels of 1 scene into 2 "
        "classes with HSI Viewer of an unknown version, seed 0; spectra were standardised over "
        "all training pixels. " + NONE
    )


def test_the_sections():
    found = dict(FULL.sections())
    assert list(found) == [
        "Accuracy", "Scenes", "Classes", "Map", "Methods", "Settings", "Warnings",
    ]  # fmt: skip
    (figures,), (scenes,), (classes,), (settings,) = (
        found[name] for name in ("Accuracy", "Scenes", "Classes", "Settings")
    )
    assert figures.head == ("Scene", "Overall accuracy", "Labels")
    assert figures.rows == (("a", "90.0 %", "1,200"), ("b", "60.5 %", "300"))
    assert scenes.head == ("Scene", "Labels", "Training pixels")
    assert scenes.rows == (("a.hdr", "a.npy", "1,000"), ("b.hdr", "b.npy", "234"))
    assert (classes.head, classes.rows) == (("Class", "Id"), (("Corn", "2"), ("Oats", "5")))
    assert settings.rows == (
        ("Classifier", "lda"),
        ("Seed", "7"),
        ("Standardised by", "scene"),
        ("Seconds, train", "1.3"),
        ("Version of hsi-viewer", "1.2.3"),
    )
    assert found["Map"] == [f"T{NO_MAP[1:]}"]
    assert found["Methods"] == [FULL.methods]
    assert found["Warnings"] == ("Odd.",)
    bare = dict(BARE.sections())
    assert (bare["Accuracy"], bare["Warnings"]) == ([NONE], ("None.",))


def test_the_facts():
    facts = json.loads(json.dumps(FULL.facts()))
    assert (facts["title"], facts["quote"], facts["methods"]) == (FULL.title, QUOTE, FULL.methods)
    assert (facts["map"], facts["reason"]) == (None, NO_MAP)
    assert facts["held_out"]["scenes"][1] == {"scene": "b", "overall": 0.605, "pixels": 300}
    assert facts["scenes"][1] == {"cube": "b.hdr", "labels": "b.npy", "train_pixels": 234}
    assert facts["standardise"] == "scene"


def test_the_files(tmp_path):
    port, token = Recorder(), CancelToken()
    files = write_trained(FULL, tmp_path, token, port)
    assert [path.name for path in files] == ["report.html", "report.pdf", "report.json"]
    assert [item.message for item in port.items] == ["Writing the report"]
    text = files[2].read_text("utf-8")
    assert text.startswith('{\n  "title": "Model of 2 scenes"')
    assert text.endswith("}\n")
    assert QUOTE in files[0].read_text("utf-8")
    assert files[1].read_bytes().startswith(b"%PDF")
    token.cancel()
    with pytest.raises(TaskCancelledError):
        write_trained(FULL, tmp_path / "new", token, port)
    assert not (tmp_path / "new").exists()
