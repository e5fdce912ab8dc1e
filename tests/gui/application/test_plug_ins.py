"""Features of packages outside: used as the application's own, and kept apart when they fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from hsi_viewer.io import registry
from hsi_viewer.io.other_formats import OtherFormats
from hsi_viewer.learning.classifiers import registry as classifier_registry
from hsi_viewer.ui.features.application.plug_ins_page import PlugInsPage
from tests.plug_in_packages import make_package

PANELS = "hsi_viewer.panels"
GOOD = """
from hsi_viewer.plugins import Command, Feature, Panel
from PySide6.QtWidgets import QLabel


class Notes(Feature):
    key = "{key}"

    def panels(self):
        return [Panel(self.key, "Good panel", lambda: QLabel("good"), "right", "no-such-dock")]

    def commands(self):
        return [
            Command(
                f"{{self.key}}.show", "Say hello", "&View", self.hello, ("Ctrl+O", "Ctrl+Alt+9")
            )
        ]

    def hello(self):
        self.workspace.notify("Hello")

    def session_state(self):
        return {{"said": 1}}
"""
FAULTY = """
from hsi_viewer.plugins import Command, Feature, Panel
from PySide6.QtWidgets import QLabel


class Faulty(Feature):
    key = "faulty"
    {body}
"""
ANSWERS = (
    "panels", "commands", "rows_above_image", "add_bars", "refresh_theme", "session_state",
    "unsaved", "running", "save_now", "may_leave", "finish", "close",
)  # fmt: skip


def faulty(body: str) -> str:
    lines = body.strip("\n").splitlines()
    return FAULTY.format(body="\n    ".join(lines))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    before = set(sys.modules)
    classifier_registry._table.cache_clear()
    yield folder
    classifier_registry._table.cache_clear()
    for name in set(sys.modules) - before:
        if name.startswith("made_"):
            del sys.modules[name]


def install(site: Path, name: str, code: str, thing: str) -> None:
    make_package(site, f"made_{name}", code, {PANELS: {name: thing}})


def install_faulty(site: Path, name: str, code: str) -> None:
    """A package of that name whose feature has that key, unless its code gives another."""
    install(site, name, code.replace('key = "faulty"', f'key = "{name}"'), "Faulty")


def install_good(site: Path) -> None:
    install(site, "good", GOOD.format(key="good"), "Notes")


def warnings(driver) -> list[str]:
    return [n.text for n in driver.window.notices.notices if n.level == "warning"]


def test_a_panel_and_its_commands_stand_beside_the_others(site, make_driver):
    install_good(site)
    driver = make_driver()
    commands = driver.window.commands
    assert "good" in driver.window.context.docking.docks
    driver.trigger("panel.good")
    assert driver.window.panel("good").text() == "good"
    assert commands.path("good.show") == "View"
    view = next(a.menu() for a in driver.window.menuBar().actions() if a.text() == "&View")
    own = [a.objectName() for a in view.actions() if not a.isSeparator()]
    assert own.index("good.show") > own.index("view.marks")
    assert commands.key_map.keys("good.show") == ("Ctrl+Alt+9",)
    assert commands.key_map.owner("Ctrl+O") == "file.open"
    driver.trigger("good.show")
    assert "Hello" in driver.window.notices.texts()
    assert driver.window.feature("good").session_state() == {"said": 1}
    assert not warnings(driver)


FAULTS = {
    "lost": ("import no_such_module_at_all", "could not be loaded: ModuleNotFoundError"),
    "number": ("Faulty = 3", "isn't a subclass of Feature"),
    "unmade": (
        faulty("def __init__(self, context):\n    1 / 0"),
        "could not be made: ZeroDivisionError",
    ),
    "taken": (faulty("key = 'display'"), 'its key "display" is empty or taken'),
    "group": (faulty("key = 'panel'"), 'its key "panel" is empty or taken'),
    "keyless": (faulty("key = ''"), 'its key "" is empty or taken'),
    "named": (
        faulty("def panels(self):\n    return [Panel('other', 'T', QLabel, 'left')]"),
        'must be "named"',
    ),
    "placed": (
        faulty("def panels(self):\n    return [Panel(self.key, 'T', QLabel, 'top')]"),
        'asks for the area "top"',
    ),
    "three": (faulty("def panels(self):\n    return [3]"), "3 isn't a Panel"),
    "owner": (
        faulty("def commands(self):\n    return [Command('file.open', 'T', '&File', print)]"),
        'must begin with "owner."',
    ),
    "menu": (
        faulty("def commands(self):\n    return [Command('menu.x', 'T', 'Other', print)]"),
        'asks for the menu "Other"',
    ),
    "icon": (
        faulty(
            "def commands(self):\n"
            "    return [Command('icon.x', 'T', '&File', print, icon='no-such-icon')]"
        ),
        "failed to draw an icon",
    ),
    "enabled": (
        faulty(
            "def commands(self):\n"
            "    return [Command('enabled.x', 'T', '&File', print, enabled=lambda: 1 / 0)]"
        ),
        "failed to say whether “T” can be done: ZeroDivisionError",
    ),
}


@pytest.mark.parametrize("name", ["lost", "placed", "enabled"])
def test_one_that_fails_is_a_warning_and_everything_else_goes_on(site, make_driver, name):
    code, said = FAULTS[name]
    install_faulty(site, name, code)
    install_good(site)
    driver = make_driver()
    (warning,) = warnings(driver)
    assert warning.startswith(f"The plug-in {name} of made_{name} ")
    assert said in warning
    driver.trigger("panel.good")
    assert driver.window.panel("good").text() == "good"
    driver.open("sample:indian-pines")
    assert driver.document is not None
    assert warnings(driver) == [warning]  # it doesn't go with a scene


def test_many_that_fail_each_have_their_reason(site, make_driver):
    for name, (code, _) in FAULTS.items():
        install_faulty(site, name, code)
    install_good(site)
    driver = make_driver()
    listed = {plug_in.name: plug_in.problem for plug_in in driver.window.context.plug_ins.listed}
    assert set(listed) == {*FAULTS, "good"}
    for name, (_, said) in FAULTS.items():
        assert said in listed[name]
    assert not listed["good"]
    (warning,) = warnings(driver)
    assert warning.startswith(f"{len(FAULTS)} plug-ins cannot be used: ")
    assert all(f"{name} of made_{name}" in warning for name in FAULTS)
    driver.trigger("panel.good")
    assert driver.window.panel("good").text() == "good"


def test_a_feature_may_fail_at_any_answer(site, make_driver):
    for method in ANSWERS:
        body = faulty(f"def {method}(self):\n    raise KeyError('{method}')")
        install_faulty(site, f"at_{method}", body)
    driver = make_driver()
    for method in ANSWERS:
        getattr(driver.window.feature(f"at_{method}"), method)()
    driver.window._refresh_theme()
    problems = {plug_in.name: plug_in.problem for plug_in in driver.window.context.plug_ins.listed}
    assert set(problems) == {f"at_{method}" for method in ANSWERS}
    for method in ANSWERS:
        assert f"KeyError: '{method}'" in problems[f"at_{method}"]
    assert driver.window.may_leave()
    assert all(f.finish() for f in driver.window.features)


def test_state_that_is_not_json_stays_out_of_the_session(site, make_driver):
    body = "def session_state(self):\n    return {'at': float('nan'), 'of': self}"
    install(site, "faulty", faulty(body), "Faulty")
    driver = make_driver()
    assert driver.window.feature("faulty").session_state() == {}


def test_a_panel_that_cannot_be_made_says_so_in_its_place(site, make_driver):
    body = "def panels(self):\n    return [Panel(self.key, 'Faulty', lambda: 1 / 0, 'left')]"
    install(site, "faulty", faulty(body), "Faulty")
    driver = make_driver()
    assert not warnings(driver)
    driver.trigger("panel.faulty")
    panel = driver.window.panel("faulty")
    assert isinstance(panel, QLabel)
    assert "could not be made" in panel.text()
    (warning,) = warnings(driver)
    assert "failed to make its panel: ZeroDivisionError" in warning


def test_a_command_that_fails_names_its_plug_in(site, make_driver):
    body = (
        "def commands(self):\n    return [Command('faulty.x', 'Fail now', '&File', lambda: 1 / 0)]"
    )
    install(site, "faulty", faulty(body), "Faulty")
    driver = make_driver()
    driver.trigger("faulty.x")
    (warning,) = warnings(driver)
    assert warning.startswith("The plug-in faulty of made_faulty failed at “Fail now”: ")


def test_two_features_of_one_key_are_not_both_used(site, make_driver):
    install_good(site)
    install(site, "second", GOOD.format(key="good"), "Notes")
    driver = make_driver()
    (warning,) = warnings(driver)
    assert warning.startswith("The plug-in second of made_second was left out: ")


def test_the_preferences_list_what_is_installed(site, make_driver):
    install_good(site)
    install(site, "faulty", "raise RuntimeError('out of luck')", "Faulty")
    driver = make_driver()
    plug_ins = driver.window.context.plug_ins
    assert [p.name for p in plug_ins.listed] == ["faulty", "good"]
    driver.trigger("edit.preferences")
    page = driver.window.findChild(PlugInsPage)
    items = [page.list.topLevelItem(n) for n in range(page.list.topLevelItemCount())]
    shown = {i.text(0): [i.text(n) for n in range(1, 5)] for i in items}
    assert shown["good"] == ["Loaded", "Panel", "made_good", "1.2"]
    assert shown["faulty"] == ["Not used", "Panel", "made_faulty", "1.2"]
    assert "out of luck" in page.problem.toPlainText()  # what needs attention is chosen
    page.list.setCurrentItem(items[[i.text(0) for i in items].index("good")])
    assert page.problem.toPlainText() == "This plug-in was loaded."


def test_formats_and_classifiers_are_loaded_by_a_worker_and_listed(site, make_driver, monkeypatch):
    row = (
        "from hsi_viewer.plugins import Format\n"
        "row = Format('envi', 'Not ENVI', ('*.x',), lambda path, start: False, None)"
    )
    make_package(site, "made_row", row, {"hsi_viewer.formats": {"taken": "row"}})
    make_package(site, "made_kind", "kind = 3", {"hsi_viewer.classifiers": {"three": "kind"}})
    monkeypatch.setattr(registry, "_others", OtherFormats(["envi"]))
    driver = make_driver()
    plug_ins = driver.window.context.plug_ins
    driver.trigger("edit.preferences")
    page = driver.window.findChild(PlugInsPage)
    driver.qtbot.waitUntil(lambda: page.list.topLevelItemCount() == 2)
    assert [p.kind for p in plug_ins.listed] == ["Classifier", "Format"]
    driver.qtbot.waitUntil(lambda: bool(warnings(driver)))
    (warning,) = warnings(driver)
    assert all(name in warning for name in ("three of made_kind", "taken of made_row"))


def test_the_preferences_say_that_nothing_is_installed(driver):
    driver.trigger("edit.preferences")
    page = driver.window.findChild(PlugInsPage)
    assert not page.empty.isHidden()
    assert page.list.isHidden()
