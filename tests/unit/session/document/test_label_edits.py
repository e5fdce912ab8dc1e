"""Strokes, patches and class operations, in any order, undone wholly, give the start."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.geometry import shapes
from hsi_viewer.core.labels.label_patch import Patch
from hsi_viewer.core.labels.paint_mode import Paint, PaintMode, paint_for
from hsi_viewer.session.document.assign_class import label_pixels
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import base_of
from hsi_viewer.session.document.region_edits import delete_patch, move_patch, paste_patch
from hsi_viewer.session.document.stroke import Stroke

SIZE = (9, 11)
corner = st.tuples(st.integers(-2, 10), st.integers(-2, 12))
strokes = st.lists(
    st.tuples(
        st.sampled_from(["paint", "delete", "move", "paste", "merge", "split", "clear", "remove"]),
        st.sampled_from(list(PaintMode)),
        st.integers(0, 3),
        corner,
        corner,
    ),
    max_size=12,
)


def made() -> Document:
    document = Document(HyperCube.from_array(np.zeros((*SIZE, 1))))
    for _ in range(4):
        document.add_class()
    document.lock_class(4, True)
    return document


def paint_thirds(document: Document, mode: PaintMode, class_id: int, pixels) -> None:
    stroke = Stroke(document, paint_for(mode, class_id, document.legend))
    for part in np.array_split(pixels, 3):
        stroke.paint(part)
    stroke.finish()


def carry_out(document: Document, stroke) -> None:
    """One gesture; those that need a class or labels and find none are left out."""
    name, mode, number, a, b = stroke
    classes = document.legend.classes
    pixels = shapes.rectangle(a, b, SIZE)
    patch = Patch.of(pixels[document.labels.ids.ravel()[pixels] > 0], document.labels.ids)
    if len(classes) < 2:
        document.add_class()
        return
    chosen, other = classes[number % len(classes)].id, classes[(number + 1) % len(classes)].id
    on_classes = {
        "paint": lambda: paint_thirds(document, mode, chosen, pixels),
        "merge": lambda: document.merge_classes(chosen, other),
        "clear": lambda: document.clear_class(chosen),
        "remove": lambda: document.remove_class(chosen),
    }
    on_patches = {
        "split": lambda: document.split_off(patch.within(SIZE)[0]),
        "delete": lambda: delete_patch(document, patch),
        "move": lambda: move_patch(document, patch, b[0], a[1]),
        "paste": lambda: paste_patch(document, patch.moved(a[0], b[1])),
    }
    if name in on_classes:
        on_classes[name]()
    elif len(patch):
        on_patches[name]()


@settings(max_examples=30)
@given(strokes)
def test_any_strokes_undone_wholly_give_the_start_and_redone_the_end(made_strokes):
    document = made()
    start = document.legend.classes
    first = document.history.count
    for stroke in made_strokes:
        carry_out(document, stroke)
    ids, classes = document.labels.snapshot().ids, document.legend.classes
    counts = [document.labels.count(i) for i in range(1, 20)]
    assert counts == [int((ids == i).sum()) for i in range(1, 20)]
    document.history.go_to(first)
    assert not document.labels.ids.any()
    assert document.legend.classes == start
    document.history.go_to(len(document.history.steps))
    np.testing.assert_array_equal(document.labels.ids, ids)
    assert [c.id for c in document.legend] == [c.id for c in classes]


def test_a_jump_over_a_removed_class_whose_id_was_given_again_restores_its_lock():
    document = made()
    before, first = document.legend.classes, document.history.count
    document.remove_class(4)
    document.add_class("Another")
    assert not document.legend[4].locked
    document.history.go_to(first)
    assert document.legend.classes == before
    document.history.go_to(first + 2)
    assert document.legend[4].name == "Another"
    assert not document.legend[4].locked


@given(corner, corner, st.sampled_from(list(PaintMode)), st.integers(0, 2**31))
def test_a_mode_touches_only_what_it_says(a, b, mode, seed):
    document = made()
    before = np.random.default_rng(seed).integers(0, 5, SIZE).astype(np.uint16)
    document.load_labels(before)
    stroke = Stroke(document, paint_for(mode, 2, document.legend))
    stroke.paint(shapes.rectangle(a, b, SIZE))
    stroke.finish()
    inside = np.zeros(SIZE, bool)
    inside.flat[shapes.rectangle(a, b, SIZE)] = True
    takes = {
        PaintMode.REPLACE: before != 4,
        PaintMode.UNLABELLED: before == 0,
        PaintMode.ERASE: before != 4,
        PaintMode.ERASE_CLASS: before == 2,
    }[mode]
    after = 0 if mode.erases else 2
    np.testing.assert_array_equal(document.labels.ids, np.where(inside & takes, after, before))


def test_modes_that_need_a_class_have_no_paint_without_one():
    assert paint_for(PaintMode.REPLACE, None) is None
    assert paint_for(PaintMode.ERASE_CLASS, None) is None
    assert paint_for(PaintMode.ERASE, None) == Paint(0)


def test_a_moved_patch_lies_over_what_was_there_and_what_leaves_the_scene_is_lost():
    document = made()
    ids = np.zeros(SIZE, np.uint16)
    ids[0, :3], ids[4, 9:] = 1, 2
    document.load_labels(ids)
    patch = Patch.of(np.array([0, 1, 2]), document.labels.ids)
    moved = move_patch(document, patch, 4, 9)
    expected = np.zeros(SIZE, np.uint16)
    expected[4, 9:] = 1
    np.testing.assert_array_equal(document.labels.ids, expected)
    assert moved.origin == (4, 9)
    document.history.undo()
    np.testing.assert_array_equal(document.labels.ids, ids)


def test_joined_patches_hold_each_pixel_once():
    ids = np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE)
    one, other = Patch.of(np.array([0, 1, 2]), ids), Patch.of(np.array([2, 3]), ids)
    joined = one.joined(other)
    assert sorted(joined.ids.tolist()) == [0, 1, 2, 3]
    assert joined.mask().sum() == 4


def test_a_pasted_class_that_is_gone_is_left_out():
    document = made()
    document.load_labels(np.full(SIZE, 3, np.uint16))
    patch = Patch.of(np.array([0]), document.labels.ids)
    document.remove_class(3)
    paste_patch(document, patch)
    assert not document.labels.ids.any()


def test_classes_with_labels_cannot_be_left_out():
    document = made()
    document.load_labels(np.full(SIZE, 3, np.uint16))
    with pytest.raises(ValueError, match=r"\[3\]"):
        document.set_classes("x", document.legend.without(3))


@pytest.mark.parametrize(("keep", "changed"), [(True, [0, 1]), (False, [0, 1, 3])])
def test_pixels_are_assigned_to_a_class_in_one_step_and_locked_labels_stay(keep, changed):
    document = made()
    ids = np.zeros(SIZE, np.uint16)
    ids[0, 2:6] = 2, 1, 4, 1
    document.load_labels(ids)
    steps = len(document.history.steps)
    wanted = ids.copy()
    wanted.flat[changed] = 2
    assert label_pixels(document, np.arange(5), 2, keep=keep) == len(changed)
    np.testing.assert_array_equal(document.labels.ids, wanted)
    assert len(document.history.steps) == steps + 1
    assert document.history.undo_title == f"Label {len(changed)} pixels"
    document.history.undo()
    np.testing.assert_array_equal(document.labels.ids, ids)


def test_a_base_has_the_classes_of_its_time():
    document = made()
    base = base_of(document)
    assert base.has(1, 4)
    assert base.has()
    assert not base.has(1, 5)
    assert base.is_current(document)
    document.add_class()
    assert not base.has(5)
    assert not base.is_current(document)


def test_a_deleted_patch_leaves_no_labels_but_the_locked_ones():
    document = made()
    ids = np.zeros(SIZE, np.uint16)
    ids[2, :4] = 1, 2, 4, 3
    document.load_labels(ids)
    delete_patch(document, Patch.of(np.flatnonzero(ids)[:3], ids))
    assert document.labels.ids[2, :4].tolist() == [0, 0, 4, 3]
    assert document.history.undo_title == "Delete region"
