"""AddedClass: adding and naming a class is one step."""

from __future__ import annotations

from hsi_viewer.session.document.added_class import AddedClass
from tests.unit.session.document.made import new_document


def test_adding_and_naming_is_one_step_and_later_a_renaming():
    document = new_document()
    added = AddedClass(document, document.add_class().id)
    added.name(" Reed\n")
    assert [(c.id, c.name) for c in document.legend] == [(1, "Reed")]
    assert [s.title for s in document.history.steps] == ["Add Reed"]
    added.name("Rush")
    assert document.history.undo_title == "Rename class"
    added.withdraw()  # not the last step any more
    assert document.legend[1].name == "Rush"
    AddedClass(document, document.add_class().id).withdraw()
    assert [c.name for c in document.legend] == ["Rush"]


def test_an_empty_name_changes_nothing():
    document = new_document()
    added = AddedClass(document, document.add_class("Oats").id)
    added.name(" ")
    added.name("Oats")
    assert [(c.name, added.is_last) for c in document.legend] == [("Oats", True)]
    assert [s.title for s in document.history.steps] == ["Add class"]
