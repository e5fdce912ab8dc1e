"""What a session says of itself: what refuses it, and what is only left out."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from msgspec import structs
from msgspec.structs import replace

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.session.storage.class_json import (
    StoredClass,
    classes_from_json,
    classes_to_json,
)
from hsi_viewer.session.storage.cube_reference import CubeReference
from hsi_viewer.session.storage.session_data import SessionData, session_data_from_json


def test_classes_are_read_with_all_that_a_class_has():
    assert {f.name for f in structs.fields(StoredClass)} == {f.name for f in fields(LabelClass)}
    classes = (LabelClass(1, "Oak", (1, 2, 3), visible=False, locked=True),)
    assert classes_from_json(classes_to_json(classes)) == classes


@pytest.mark.parametrize(
    "change",
    [
        {"id": "1"}, {"id": True}, {"id": 1.0}, {"id": 0}, {"id": 65536}, {"name": None},
        {"colour": [1, 2]}, {"colour": [1, 2, 256]}, {"colour": [1, 2, -1]},
        {"colour": [1, 2, True]}, {"colour": "red"}, {"colour": None},
    ],
)  # fmt: skip
def test_damaged_classes_are_refused(change):
    good = {"id": 1, "name": "Oak", "colour": [1, 2, 3]}
    with pytest.raises(FormatError, match="classes are damaged"):
        classes_from_json([good | change])
    with pytest.raises(FormatError, match="same id"):
        classes_from_json([good, good])


def test_how_a_class_is_handled_never_refuses_it():
    odd = {"id": 1, "name": "Oak", "colour": [1, 2, 3], "visible": "x", "locked": 1, "new": 3}
    assert classes_from_json([odd]) == (LabelClass(1, "Oak", (1, 2, 3)),)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("notes", 3), ("view", []), ("features", "x"), ("shown_run", True), ("shown_run", "1"),
        ("contents", {}), ("contents", [1]),
    ],
)  # fmt: skip
def test_of_the_rest_of_a_session_what_is_damaged_is_left_out(key, wrong):
    session_data = SessionData(
        CubeReference("/somewhere/scene.npy", "scene", (3, 4, 5)),
        (LabelClass(1, "Oak", (1, 2, 3)),),
        notes="Dry summer",
        view={"zoom": 2},
        features={"layers": {}},
        shown_run=2,
        contents=("labels.npy",),
    )
    values = json.loads(session_data.to_json()) | {"project": "as earlier versions wrote"}
    assert session_data_from_json(json.dumps(values)) == session_data
    found = session_data_from_json(json.dumps(values | {key: wrong}))
    empty = SessionData(session_data.reference)
    assert found == replace(session_data, **{key: getattr(empty, key)})
