"""Facts of journal records that aren't what their kind needs."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.storage.journal_records import (
    HEAD,
    MAGIC,
    PREFIX,
    Kind,
    Record,
    encode,
    read_records,
)
from hsi_viewer.session.storage.journal_replay import replay

IDS = np.zeros((4, 5), np.uint16)
CLASS = {"id": 1, "name": "wheat", "colour": [200, 0, 0]}
STATE = Record(Kind.STATE, {"classes": [CLASS]}, {"ids": IDS})
LABELS = {"gaps0": np.array([7], "<u4"), "after0": np.array([1], "<u2")}
GOOD = Record(Kind.STEP, {"title": "Paint", "edits": [{"of": "labels"}]}, LABELS)


def document() -> Document:
    return Document(HyperCube(ArraySource(np.zeros((4, 5, 6), np.float32))))


@pytest.mark.parametrize(
    ("record", "named"),
    [
        (Record(Kind.STATE, {"classes": "wheat"}, {"ids": IDS}), "classes"),
        (Record(Kind.STATE, {"classes": [CLASS]}), "ids"),
        (Record(Kind.STATE, {"classes": [CLASS]}, {"ids": IDS[:3]}), "reshape"),
        (Record(Kind.STEP, {"edits": []}), "title"),
        (Record(Kind.STEP, {"title": 3, "edits": []}), "title"),
        (Record(Kind.STEP, {"title": "a", "edits": [{}]}), "edits.0.of"),
        (Record(Kind.STEP, {"title": "a", "edits": [{"of": "labels"}]}), "gaps0"),
        (Record(Kind.STEP, {"title": "a", "edits": [], "done": [[1]]}), "done"),
        (Record(Kind.STEP, {"title": "a", "edits": [], "done": [["1", "2"]]}), "done"),
        (Record(Kind.MOVE, {"steps": "-1"}), "steps"),
        (Record(Kind.MOVE, {"steps": -1.5}), "steps"),
        (Record(Kind.MOVE, {}), "steps"),
        (Record(Kind.FLAGS, {"flags": [1]}), "flags"),
        (Record(Kind.FLAGS, {"flags": {"visible": 1}}), "flags"),
    ],
)
def test_a_record_that_lacks_what_its_kind_needs_is_refused_by_name(tmp_path, record, named):
    path = tmp_path / "journal"
    path.write_bytes(MAGIC + encode(STATE) + encode(GOOD) + encode(record))
    contents = read_records(path)
    assert len(contents.records) == 3
    with pytest.raises(FormatError, match="does not match the scene") as error:
        replay(contents.records, document())
    assert named in str(error.value)


def test_what_a_newer_version_adds_to_a_record_is_passed_over(tmp_path):
    path = tmp_path / "journal"
    newer = Record(Kind.STEP, {**GOOD.facts, "mood": {"of": ["the", "user"]}}, LABELS)
    path.write_bytes(MAGIC + encode(STATE) + encode(newer))
    made = document()
    assert replay(read_records(path).records, made).strokes == 1
    assert made.labels.ids.ravel().tolist().index(1) == 7


def test_a_scene_whose_name_is_not_utf_8_is_in_the_journal_all_the_same(tmp_path):
    path = tmp_path / "journal"
    facts = Record(Kind.FACTS, {"cube": {"source": "/a/b\udcff.npy"}})
    path.write_bytes(MAGIC + encode(facts) + encode(STATE))
    contents = read_records(path)
    assert contents.records[0].facts == facts.facts
    assert not contents.damaged


@pytest.mark.parametrize(
    "listed",
    [
        None,
        3,
        [["ids", "<f8", [2], 16, False]],
        [["ids", "<u2", [-1], 8, False]],
        [["ids", "<u2", "22", 8, False]],
        [["ids", "<u2", [4], -8, False]],
        [["ids", "<u2", [4], 8, "no"]],
        [[1, "<u2", [4], 8, False]],
        [["ids", "<u2", [4]]],
    ],
)
def test_a_list_of_arrays_that_cannot_be_is_a_damaged_place(tmp_path, listed):
    path = tmp_path / "journal"
    odd = encode(Record(99, raw=_framed(int(Kind.STATE), {"classes": [], "arrays": listed})))
    path.write_bytes(MAGIC + encode(STATE) + odd + encode(GOOD))
    contents = read_records(path)
    assert [record.kind for record in contents.records] == [Kind.STATE, Kind.STEP]
    assert [gap.index for gap in contents.gaps] == [1]


def _framed(kind: int, head: dict) -> bytes:
    text = json.dumps(head).encode()
    body = HEAD.pack(kind, len(text)) + text + bytes(8)
    return PREFIX.pack(len(body), zlib.crc32(body)) + body
