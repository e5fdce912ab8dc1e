"""Maps of `apply`, read again: of a whole scene or of a part."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs import applied_run
from hsi_viewer.jobs.applied_run import is_own_scene, laid_in, read_applied
from hsi_viewer.learning import model_description
from hsi_viewer.learning.model_state import scene_digest


def made(rows: int, columns: int) -> Prediction:
    ids = np.arange(rows * columns, dtype=np.uint16).reshape(rows, columns) % 3
    return Prediction(ids, np.where(ids > 0, 0.8, 0).astype(np.float32), (1, 2))


def test_a_map_of_a_part_lies_where_the_part_is():
    small = made(2, 3)
    whole = laid_in(small, (5, 7), (1, 2, 3, 5))
    assert whole.class_map.shape == whole.confidence.shape == (5, 7)
    np.testing.assert_array_equal(whole.class_map[1:3, 2:5], small.class_map)
    np.testing.assert_array_equal(whole.confidence[1:3, 2:5], small.confidence)
    assert np.count_nonzero(whole.class_map) == np.count_nonzero(small.class_map)
    assert laid_in(small, (2, 3), None) is small


@pytest.mark.parametrize(
    ("shape", "part"), [((5, 7), None), ((5, 7), (0, 0, 2, 2)), ((5, 7), (4, 4, 6, 7))]
)
def test_a_map_of_another_size_is_refused(shape, part):
    with pytest.raises(FormatError, match=r"The map is of 2 x 3 pixels.* 5 x 7"):
        laid_in(made(2, 3), shape, part)


@pytest.mark.parametrize(
    "part", [(-1, 0, 1, 3), (0, -1, 2, 2), (3, 0, 5, 3), (0, 2, 2, 5), (2, 0, 0, 3)]
)
def test_a_part_that_leaves_the_scene_is_refused(part):
    with pytest.raises(FormatError):
        laid_in(made(2, 3), (4, 4), part)


def test_a_part_may_reach_all_ends_of_the_scene():
    for part in ((0, 0, 2, 3), (2, 1, 4, 4)):
        assert laid_in(made(2, 3), (4, 4), part).class_map[part[2] - 1, part[3] - 1] == 2


@pytest.fixture
def applied(tmp_path, monkeypatch):
    """A folder of `apply` by hand, whose model is read by nobody."""
    monkeypatch.setattr(applied_run, "load_model", lambda path: SimpleNamespace(name=path.name))
    monkeypatch.setattr(model_description, "check_model", lambda path: None)
    (tmp_path / "lda").mkdir()
    np.save(tmp_path / "class_map.npy", made(2, 3).class_map)
    classes = [{"id": i, "name": f"c{i}", "colour": [1, 2, 3]} for i in (1, 2)]
    record = {"cube": "a.hdr", "classes": classes, "model": str(tmp_path / "lda")}
    record |= {"refined": True, "warnings": ["Odd."]}
    (tmp_path / "report.json").write_text(json.dumps(record))
    return tmp_path


def test_a_map_of_apply_is_read_with_its_confidence_where_it_has_a_class(applied):
    sure = np.array([[0.5, 0.75, np.nan], [0.5, 0.25, 1.0]], np.float32)
    write_cube(HyperCube.from_array(sure[..., None]), applied / "confidence.hdr")
    found = read_applied(applied)
    np.testing.assert_array_equal(found.prediction.class_map, [[0, 1, 2], [0, 1, 2]])
    np.testing.assert_array_equal(found.prediction.confidence, [[0, 0.75, 0], [0, 0.25, 1]])
    assert found.prediction.class_ids == (1, 2)
    assert found.prediction.source == "lda, refined"
    assert (found.model_path, found.warnings) == (applied / "lda", ("Odd.",))


@pytest.mark.parametrize("other_size", [False, True])
def test_of_a_map_without_its_confidence_nothing_is_said(applied, other_size):
    if other_size:
        write_cube(HyperCube.from_array(np.ones((3, 2, 1))), applied / "confidence.hdr")
    found = read_applied(applied)
    assert np.isnan(found.prediction.confidence).all()
    assert found.prediction.confidence.shape == (2, 3)
    assert "wasn't written" in found.warnings[-1]


def test_a_folder_without_a_map_is_refused(applied):
    (applied / "class_map.npy").unlink()
    with pytest.raises(FileError, match="contains no map that can be read"):
        read_applied(applied)


def test_a_model_knows_its_own_scene_by_its_values_or_by_its_name(applied):
    cube = HyperCube.from_array(np.arange(24.0).reshape(2, 3, 4))
    known = SimpleNamespace(scene_digest=scene_digest(cube))
    other = SimpleNamespace(scene_digest="0" * 64)
    nowhere = str(applied / "b.hdr")
    assert is_own_scene(known, applied / "lda", cube, nowhere)
    assert not is_own_scene(other, applied / "lda", cube, nowhere)
    assert not is_own_scene(SimpleNamespace(), applied / "lda", cube, nowhere)
