"""Which steps give the ids of a map another meaning, and which leave it as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hsi_viewer.core.labels.history import LabelChange, LegendChange, Step
from hsi_viewer.session.document.class_meaning import regrouped_since
from tests.unit.session.document.made import ids_map, new_document


def with_classes():
    document = new_document()
    document.load_labels(ids_map(c1=[0, 1], c2=[2]))
    return document


def loaded(document, change=lambda classes: classes) -> None:
    """Labels of a file, with the classes that it names."""
    labels, legend = document.labels, document.legend
    edit = LabelChange(labels, labels.edit_to(ids_map(c1=[3], c2=[4])))
    document.history.do("Load", edit, LegendChange(legend, legend.classes, change(legend.classes)))


def named(number: int, name: str):
    return lambda classes: tuple(replace(c, name=name) if c.id == number else c for c in classes)


@pytest.mark.parametrize(
    ("change", "of_map", "regroups"),
    [
        (lambda classes: classes, (1, 2), False),
        (named(1, "Corn"), (1, 2), True),
        (named(1, "Corn"), (2,), False),
        (lambda classes: classes[1:], (1, 2), True),
        (lambda classes: classes[1:], (2,), False),
        (lambda classes: tuple(replace(c, colour=(1, 2, 3)) for c in classes), (1, 2), False),
    ],
)
def test_labels_that_come_with_other_classes_regroup(change, of_map, regroups):
    document = with_classes()
    shown = document.history.position
    loaded(document, change)
    assert regrouped_since(document.history, shown, of_map) is regroups
    assert not regrouped_since(document.history, document.history.position, of_map)


def test_undo_gives_the_ids_their_meaning_back_and_redo_takes_it_again():
    document = with_classes()
    history, shown = document.history, document.history.position
    loaded(document, named(1, "Corn"))
    later = history.position
    history.undo()
    assert not regrouped_since(history, shown, (1,))
    assert regrouped_since(history, later, (1,))
    history.redo()
    assert regrouped_since(history, shown, (1,))


def test_a_class_that_is_renamed_is_the_same_class():
    document = with_classes()
    shown = document.history.position
    document.rename_class(1, "Corn")
    document.add_class("Woods")
    assert not regrouped_since(document.history, shown, (1, 2))


def test_of_a_step_that_is_gone_all_steps_count():
    document = with_classes()
    loaded(document, named(1, "Corn"))
    document.add_class()
    for gone in (None, Step("", ())):
        assert regrouped_since(document.history, gone, (1,))
        assert not regrouped_since(document.history, gone, (2,))
