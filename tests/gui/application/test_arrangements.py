"""Arrangements: the panels for a kind of work come by one key; the user's own are saved by name."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from hsi_viewer.preferences.settings import load_settings
from hsi_viewer.ui.arrangements import ARRANGEMENTS
from hsi_viewer.ui.dialogs import accept_button
from hsi_viewer.ui.dock_tabs import DockTabs
from hsi_viewer.ui.widgets.arrangement_dialog import ArrangementDialog
from tests.gui.application.test_panels import nothing_is_cut, share_of_the_image, stray_tab_bars
from tests.gui.hands import made_cube

F11 = Qt.Key.Key_F11


def seen(driver) -> set[str]:
    QApplication.processEvents()
    docks = driver.window.context.docking.docks
    return {key for key, dock in docks.items() if not dock.visibleRegion().isEmpty()}


def views(driver) -> int:
    return driver.window.feature("linked-views").number


def own(driver) -> dict:
    """The user's own arrangements in the menu, as it opens."""
    menu = driver.window.menus._arrangements
    menu.aboutToShow.emit()
    titles = [a for a in menu.actions() if not a.objectName() and not a.isSeparator()]
    return {a.text().replace("&", ""): a for a in titles}


def test_each_arrangement_comes_by_its_key_and_the_users_own_by_name(
    driver, tmp_path, make_driver, monkeypatch
):
    np.save(tmp_path / "made.npy", made_cube())
    driver.open(str(tmp_path / "made.npy"))
    window = driver.window
    for arrangement in (*ARRANGEMENTS, *ARRANGEMENTS[::-1]):
        driver.type(getattr(Qt.Key, f"Key_{arrangement.keys[0]}"))
        fronts = {group[0] for group in (*arrangement.column, arrangement.strip) if group}
        assert seen(driver) == fronts
        assert views(driver) == arrangement.views
        assert stray_tab_bars(window) == []
        nothing_is_cut(window)
        share = 0.3 if arrangement.key == "spectra" else 0.5
        canvas = window.context.canvas.size() * (1 if arrangement.views == 1 else 2**0.5)
        assert share_of_the_image(window) >= share or canvas.width() > 600
    # every panel is an icon; then they are back
    before = seen(driver)
    driver.type(F11)
    assert seen(driver) == set()
    assert share_of_the_image(window) > 0.75
    fits, fit = [], DockTabs.fit
    monkeypatch.setattr(DockTabs, "fit", lambda tabs, bar: (fits.append(bar), fit(tabs, bar)))
    driver.type(F11)
    assert seen(driver) == before
    assert all(fits.count(bar) <= 2 for bar in fits)  # not once for each dock that opens
    # the user's own
    driver.trigger("panel.messages")
    driver.trigger("view.views2")
    mine = seen(driver)
    driver.trigger("layout.save")
    dialog = next(d for d in window.findChildren(ArrangementDialog) if d.isVisible())
    assert not accept_button(dialog.buttons).isEnabled()
    driver.qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
    driver.qtbot.keyClicks(QApplication.focusWidget(), "Talk & notes")
    driver.click_on(accept_button(dialog.buttons))
    assert [a[0] for a in window.workspace.settings.arrangements] == ["Talk & notes"]
    window.activateWindow()
    driver.qtbot.waitUntil(window.isActiveWindow)
    driver.type(Qt.Key.Key_F9)
    assert seen(driver) != mine
    own(driver)["Talk  notes"].trigger()
    assert (seen(driver), views(driver)) == (mine, 2)
    window.may_leave = lambda: True
    window.close()
    again = make_driver(load_settings())
    again.open(str(tmp_path / "made.npy"))
    assert list(own(again)) == ["Talk  notes"]
    own(again)["Talk  notes"].trigger()
    assert seen(again) == mine
    again.trigger("layout.save")
    dialog = next(d for d in again.window.findChildren(ArrangementDialog) if d.isVisible())
    dialog.list.setCurrentRow(0)
    driver.qtbot.waitUntil(dialog.remove.isEnabled)
    again.click_on(dialog.remove)
    dialog.reject()
    assert own(again) == {}
