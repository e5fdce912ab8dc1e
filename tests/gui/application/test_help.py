"""F1 opens the guide that is shipped; its links lead somewhere, its pages are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest

from hsi_viewer.core.guide import Guide, anchor, guide_folder, read_guide
from hsi_viewer.ui.commands.keys_page import PAGE, keys_page
from hsi_viewer.ui.widgets.help_window import HelpWindow

LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)]+)\)")
GUIDE = read_guide()


def test_every_page_is_in_the_contents_and_every_entry_has_a_page():
    assert {"index.md", *(n for n, _ in GUIDE.contents)} == set(GUIDE.pages)
    assert len(GUIDE.contents) >= 10


@pytest.mark.parametrize("name", GUIDE.pages)
def test_every_link_and_image_of_a_page_leads_somewhere(name):
    links = {s.link for s in GUIDE.sections} | set(GUIDE.pages)
    for image, target in LINK.findall(GUIDE.pages[name]):
        if image:
            assert (guide_folder() / target).resolve().is_file(), target
        elif not target.startswith("https://"):
            assert (target if not target.startswith("#") else name + target) in links, target


def test_headings_are_named_as_git_hosts_do():
    assert anchor("Labels, and `classes`!") == "labels-and-classes"


def test_words_are_found_headings_first():
    guide = Guide(
        {
            "index.md": "# Start\n\n1. [One](one.md)\n2. [Two](two.md)\n",
            "one.md": "# One\n\nThe *brush* paints.\n\n## More\n\nNothing here.\n",
            "two.md": "# The brush\n\nIt has a size.\n",
        }
    )
    assert [s.link for s in guide.find("BRUSH")] == ["two.md#the-brush", "one.md#one"]
    assert guide.find("brush nothing") == []
    assert guide.find("brush")[1].snippet(["brush"]) == "The brush paints."


def the_page_of_keys_is_written_from_the_commands(driver):
    written = (guide_folder() / PAGE).read_text(encoding="utf-8")
    assert written == keys_page(driver.window.commands), "run: make screenshots"


def each_panel_has_its_section(driver):
    docks = driver.window.context.docking.docks.values()
    missing = [d.windowTitle() for d in docks if GUIDE.about(d.windowTitle()) is None]
    assert missing == []


def test_f1_opens_the_guide_and_in_a_panel_its_section(driver, qtbot):
    window = driver.window
    driver.trigger("help.guide")
    guide = window.findChild(HelpWindow)
    assert guide.link == "index.md"
    assert "HSI Viewer" in guide.page.toPlainText()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.panel("training").preset.setFocus()
    QTest.keyClick(window.panel("training").preset, Qt.Key.Key_F1)
    assert guide.link == "training.md#the-training-panel"
    QTest.mouseClick(guide.back, Qt.MouseButton.LeftButton)
    assert guide.link == "index.md"
    QTest.mouseClick(guide.forward, Qt.MouseButton.LeftButton)
    assert guide.link == "training.md#the-training-panel"
    guide.activateWindow()
    qtbot.waitUntil(guide.isActiveWindow)
    QTest.keyClick(guide, Qt.Key.Key_Escape)
    assert not guide.isVisible()


def the_guide_is_searched_and_its_links_work(driver):
    driver.trigger("help.guide")
    guide = driver.window.findChild(HelpWindow)
    QTest.keyClicks(guide.search, "header doctor")
    assert 0 < guide.contents.count() < len(GUIDE.sections)
    item = guide.contents.item(0)
    QTest.mouseClick(
        guide.contents.viewport(),
        Qt.MouseButton.LeftButton,
        pos=guide.contents.visualItemRect(item).center(),
    )
    assert guide.link.startswith("opening.md#")
    guide.search.clear()
    assert guide.contents.count() == len(GUIDE.contents)
    guide.page.anchorClicked.emit("training.md#how-far-to-trust-a-map")
    assert guide.page.verticalScrollBar().value() > 0


def images_of_the_guide_are_shown_and_fit(driver):
    driver.trigger("help.guide")
    page = driver.window.findChild(HelpWindow).page
    kind = QTextDocument.ResourceType.ImageResource.value
    image = page.loadResource(kind, "../images/with-map.png")
    assert 400 < image.width() <= 620 * page.devicePixelRatioF()


def pages_name_only_commands_that_exist(driver):
    """Whatever stands as *Menu › Command* is a command, a menu or a panel."""
    words = {c.words.rstrip("…").lower() for c in driver.window.commands.commands}
    words |= {"panels", "export", "region of interest"}  # menus
    words |= {"open recent", "open a public scene"}
    named = {
        match.group(1).replace("\n", " ").split(" › ")[-1].rstrip("…").lower()
        for text in GUIDE.pages.values()
        for match in re.finditer(
            r"\*(?:File|Edit|Image|Spectra|Labels|Train|Map|View|Help)\s›\s([^*]+)\*", text
        )
    }
    assert named
    assert named - words == set()


def test_the_wheel_would_hold_what_the_guide_shows():
    project = Path(__file__).resolve().parents[3]
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    assert '"docs/guide" = "hsi_viewer/resources/guide"' in text
    assert '"docs/images" = "hsi_viewer/resources/images"' in text


def test_the_guide_is_true_of_the_window(driver):
    """One window for the three: making it is what takes the time."""
    the_page_of_keys_is_written_from_the_commands(driver)
    each_panel_has_its_section(driver)
    pages_name_only_commands_that_exist(driver)


def test_the_help_window(driver):
    """In one window."""
    the_guide_is_searched_and_its_links_work(driver)
    images_of_the_guide_are_shown_and_fit(driver)
