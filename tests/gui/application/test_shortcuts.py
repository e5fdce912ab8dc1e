"""Keys that the user changes: no key starts two commands, and they are there the next time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hsi_viewer.preferences.settings import Settings, load_settings, settings_path
from hsi_viewer.ui.commands.key_map import KeyMap
from hsi_viewer.ui.commands.shortcut_page import ShortcutPage

DEFAULTS = {"open": ("Ctrl+O",), "redo": ("Ctrl+Y", "Ctrl+Shift+Z"), "map": ("P",), "none": ()}
KEYS = st.sampled_from(["Ctrl+O", "Ctrl+Y", "P", "Q", "F5", "Ctrl+Shift+Z"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["assign", "clear", "reset"]), st.sampled_from([*DEFAULTS]), KEYS)
)


def test_two_commands_never_share_a_default():
    with pytest.raises(ValueError, match=r"Ctrl\+O starts both a and b"):
        KeyMap({"a": ("Ctrl+O",), "b": ("ctrl+o",)})


@given(STEPS)
def test_whatever_is_changed_no_key_starts_two_commands(steps):
    keys = KeyMap(DEFAULTS)
    for what, command, key in steps:
        if what == "assign":
            keys.assign(command, key)
            assert keys.keys(command) == (key,)
            assert keys.owner(key) == command
        elif what == "clear":
            keys.clear(command)
            assert keys.keys(command) == ()
        else:
            keys.reset(command)
            assert not keys.is_changed(command)
        given_out = [k for c in DEFAULTS for k in keys.keys(c)]
        assert len(given_out) == len(set(given_out))
    again = KeyMap(DEFAULTS, keys.changed)
    assert again.problems == []
    assert {c: again.keys(c) for c in DEFAULTS} == {c: keys.keys(c) for c in DEFAULTS}


def test_settings_that_clash_are_reported_and_left_out():
    keys = KeyMap(
        DEFAULTS, {"map": ["F5"], "none": ["F5", "Space", "no key"], "gone": ["F6"], "redo": []}
    )
    assert keys.keys("map") == ("F5",)
    assert keys.keys("none") == ()
    assert keys.keys("redo") == ()
    assert len(keys.problems) == 3
    assert "F5 was given to both map and none." in keys.problems


def test_a_choice_of_the_user_wins_over_a_default():
    keys = KeyMap(DEFAULTS, {"map": ["Ctrl+O"]})
    assert (keys.keys("map"), keys.keys("open"), keys.problems) == (("Ctrl+O",), (), [])


def open_page(driver) -> ShortcutPage:
    driver.trigger("help.keys")
    return next(p for p in driver.window.findChildren(ShortcutPage) if p.isVisible())


def press(page: ShortcutPage, command: str, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    """Choose a command of the page and type new keys for it."""
    page.choose(command)
    page.keys.setFocus()
    QTest.keyClick(page.keys, key, modifier)


def test_new_keys_work_at_once_and_the_next_time(driver, make_driver, qtbot):
    page = open_page(driver)
    press(page, "theme.dark", Qt.Key.Key_F12)
    assert "F12 now starts" in page.message.text()
    assert load_settings().shortcuts == {"theme.dark": ["F12"]}
    page.close()
    driver.window.activateWindow()
    qtbot.waitUntil(driver.window.isActiveWindow)
    QTest.keyClick(driver.window, Qt.Key.Key_F12)
    assert driver.window.workspace.settings.theme == "dark"
    again = make_driver(load_settings())
    assert again.window.commands.keys("theme.dark") == "F12"
    assert "F12" in again.window.commands.action("theme.dark").toolTip()
    driver.window.set_theme("light")


def test_keys_of_another_command_are_taken_only_when_asked(driver):
    page = open_page(driver)
    press(page, "view.map", Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    commands = driver.window.commands
    assert "starts “Open”" in page.message.text()
    assert (commands.keys("file.open"), commands.keys("view.map")) == ("Ctrl+O", "P")
    QTest.mouseClick(page.take, Qt.MouseButton.LeftButton)
    assert (commands.keys("file.open"), commands.keys("view.map")) == ("", "Ctrl+O")
    page.choose("file.open")
    QTest.mouseClick(page.reset, Qt.MouseButton.LeftButton)
    assert (commands.keys("file.open"), commands.keys("view.map")) == ("Ctrl+O", "")
    QTest.mouseClick(page.reset_all, Qt.MouseButton.LeftButton)
    assert commands.keys("view.map") == "P"
    assert load_settings().shortcuts == {}


def keys_that_move_in_the_window_are_refused(driver):
    page = open_page(driver)
    press(page, "view.map", Qt.Key.Key_Space)
    assert "reserved for moving" in page.message.text()
    assert driver.window.commands.keys("view.map") == "P"
    page.close()


def a_command_can_be_without_keys(driver):
    page = open_page(driver)
    page.choose("view.map")
    QTest.mouseClick(page.remove, Qt.MouseButton.LeftButton)
    assert driver.window.commands.keys("view.map") == ""
    assert not page.remove.isEnabled()


def the_page_finds_commands_by_words_and_keys(driver):
    page = open_page(driver)
    QTest.keyClicks(page.search, "ctrl+e")
    shown = [i.text(0) for i in page._items.values() if not i.isHidden()]
    assert "Export class map" in shown
    assert len(shown) < 10
    page.close()


def test_a_file_with_clashing_keys_does_not_stop_the_start(make_driver):
    path = settings_path()
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"shortcuts": {"view.map": ["F7"], "view.image": ["F7"]}}))
    driver = make_driver(load_settings())
    assert "F7 was given to both view.map and view.image" in driver.window.notices.texts()[0]
    assert driver.window.commands.keys("view.map") == "F7"


@pytest.mark.parametrize("wrong", [["F7"], {"view.map": "F7"}, {"view.map": [7]}, 3])
def test_what_is_no_list_of_keys_is_refused(wrong):
    with pytest.raises(ValueError, match="shortcuts"):
        Settings(shortcuts=wrong)


def test_the_page(driver):
    """In one window."""
    the_page_finds_commands_by_words_and_keys(driver)
    keys_that_move_in_the_window_are_refused(driver)
    a_command_can_be_without_keys(driver)
