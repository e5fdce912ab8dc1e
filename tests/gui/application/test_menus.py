"""The menus: in the order that is written down, their entries reached by letters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.ui.commands.menu_order import LAST, LINE, ORDER, Submenu, with_access_keys


def letters(titles: list[str]) -> list[str]:
    """The access keys of titles."""
    return [t[t.index("&") + 1].lower() for t in titles if "&" in t]


WORDS = st.text("ABCabc XYZxyz", max_size=9)
TITLES = st.builds(
    "{}{}{}{}".format, WORDS, st.sampled_from(("", "&")), st.sampled_from("AaBbz"), WORDS
)


@given(st.lists(TITLES, max_size=20))
def test_no_letter_is_given_twice_and_words_stay(titles):
    given_out = with_access_keys(titles)
    assert [t.replace("&", "") for t in given_out] == [t.replace("&", "") for t in titles]
    assert len(letters(given_out)) == len(set(letters(given_out)))


def test_a_letter_that_is_asked_for_is_kept():
    assert with_access_keys(["&Save", "Export", "&Edit", "S"]) == ["&Save", "E&xport", "&Edit", "S"]


def entries_of_menus_have_letters_of_their_own(driver):
    bar = driver.window.menuBar()
    waiting = [a.menu() for a in bar.actions()]
    assert len(letters([a.text() for a in bar.actions()])) == len(waiting)
    while waiting:
        menu = waiting.pop()
        actions = [a for a in menu.actions() if not a.isSeparator()]
        waiting += [a.menu() for a in actions if a.menu() and a.menu().actions()]
        found = letters([a.text() for a in actions])
        assert len(found) == len(set(found)), menu.title()
        assert len(found) == len(actions) or len(actions) > 16, menu.title()


def what_the_order_names_exists_and_all_commands_of_menus_are_named(driver):
    ids = {c.id for c in driver.window.commands.commands}
    named = set()
    for entry in (*ORDER, *LAST):
        named |= set(entry.ids) if isinstance(entry, Submenu) else {entry}
    assert {i for i in named if "*" not in i} - {LINE} - ids == set()
    menu = driver.window.menuBar().actions()[0].menu()
    shown = [a.objectName() for a in menu.actions() if a.objectName()]
    assert shown[0] == "file.open"
    assert shown[-1] == "file.quit"
    assert not any(
        a.isSeparator() and b.isSeparator()
        for a, b in zip(menu.actions(), menu.actions()[1:], strict=False)
    )


def test_the_menus_of_the_window(driver):
    """In one window."""
    entries_of_menus_have_letters_of_their_own(driver)
    what_the_order_names_exists_and_all_commands_of_menus_are_named(driver)
