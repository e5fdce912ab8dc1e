"""Light and dark: one set of named colours each, a palette, a style sheet and icons."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal, cast

from msgspec import Struct
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontInfo,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtWidgets import QApplication
from qtawesome import iconic_font
from qtawesome.iconic_font import IconicFont

from hsi_viewer.core.paths import resource_path

OWN_POINTS = "hsi_own_points"  # property: size of the desktop's text

ThemeChoice = Literal["system", "light", "dark"]
THEMES: tuple[ThemeChoice, ...] = ("system", "light", "dark")


class Theme(Struct, frozen=True):
    """The named colours of resources/themes/."""

    name: str
    colours: dict[str, str]

    def __getitem__(self, key: str) -> str:
        return self.colours[key]


@cache
def load_theme(name: str) -> Theme:
    """Theme "light" or "dark"."""
    text = resource_path("themes", f"{name}.json").read_text(encoding="utf-8")
    return Theme(name, cast("dict[str, str]", json.loads(text)))


def current_theme() -> Theme:
    """The theme that the application shows now."""
    app = QApplication.instance()
    name = app.property("hsi_theme") if app else None
    return load_theme(name if name in ("light", "dark") else "light")


def apply_theme(
    app: QApplication, choice: ThemeChoice = "system", text_percent: int = 100
) -> Theme:
    """Give the application a theme.

    Parameters
    ----------
    choice : "system" follows the desktop's light or dark.
    text_percent : size of all text, in percent of the desktop's.
    """
    _scale_text(app, text_percent)
    dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
    name = choice if choice != "system" else ("dark" if dark else "light")
    theme = load_theme(name)
    app.setProperty("hsi_theme", name)
    sheet = _style_sheet(theme, QFontInfo(app.font()).pointSizeF())
    if sheet != app.styleSheet():  # to polish every widget again takes a quarter of a second
        app.setStyle("Fusion")
        app.setPalette(_palette(theme))
        app.setStyleSheet(sheet)
    return theme


def icon(name: str, colour: str | None = None) -> QIcon:
    """Icon of the Material Design set in the theme's colour, e.g. icon("brush")."""
    theme = current_theme()
    return _drawn(name, theme[colour] if colour else theme["text"], theme["border"])


@cache  # every window asks for some 350, and again after each change of theme
def _drawn(name: str, colour: str, disabled: str) -> QIcon:
    letter = _icons().icon(f"mdi6.{name}", color=colour, color_disabled=disabled)
    return QIcon(_DrawnOnce(cast("QIcon", letter)))


class _DrawnOnce(QIconEngine):
    """Keeps the pictures of an icon: to draw its letter takes half a millisecond at each paint."""

    def __init__(self, letter: QIcon) -> None:
        super().__init__()
        self._letter = letter
        self._pictures: dict[tuple[int, int, QIcon.Mode, QIcon.State], QPixmap] = {}

    def clone(self) -> QIconEngine:
        """The same icon."""
        return _DrawnOnce(self._letter)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon in pixels of the screen."""
        key = size.width(), size.height(), mode, state
        if key not in self._pictures:
            self._pictures[key] = self._letter.pixmap(size, 1.0, mode, state)
        return self._pictures[key]

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Paint it as sharp as the screen is."""
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect, self.pixmap(rect.size() * ratio, mode, state))


@cache
def _icons() -> IconicFont:
    """The one font that is used; to load all twelve of qtawesome takes 40 ms of each start."""
    fonts = Path(iconic_font.__file__).parent / "fonts"
    name = "materialdesignicons6-webfont-"
    files = next(fonts.glob(f"{name}[0-9]*.ttf")), next(fonts.glob(f"{name}charmap-*.json"))
    return IconicFont(("mdi6", *(file.name for file in files)))


def application_icon() -> QIcon:
    """The application's own icon."""
    return QIcon(str(resource_path("icons", "hsi-viewer.svg")))


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for key, name in (
        (role.Window, "window"),
        (role.WindowText, "text"),
        (role.Base, "panel"),
        (role.AlternateBase, "alternate"),
        (role.Text, "text"),
        (role.Button, "panel"),
        (role.ButtonText, "text"),
        (role.BrightText, "accent_text"),
        (role.ToolTipBase, "panel"),
        (role.ToolTipText, "text"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "accent_text"),
        (role.Link, "accent"),
        (role.PlaceholderText, "muted"),
        (role.Mid, "border"),
    ):
        palette.setColor(key, QColor(theme[name]))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme["muted"]))
    return palette


def _scale_text(app: QApplication, percent: int) -> None:
    """Scale the font; one that was never scaled stays the desktop's, and follows it."""
    own = app.property(OWN_POINTS)
    if own is None:
        own = QFontInfo(app.font()).pointSizeF()
        if percent == 100:
            return
        app.setProperty(OWN_POINTS, own)
    font = QFont(app.font())
    font.setPointSizeF(own * percent / 100)
    app.setFont(font)


def text_scale() -> float:
    """How much larger the text is than the desktop's."""
    app = QApplication.instance()
    own = app.property(OWN_POINTS) if app else None
    return QFontInfo(QApplication.font()).pointSizeF() / own if own else 1.0


def _style_sheet(theme: Theme, points: float) -> str:
    text = resource_path("style.qss").read_text(encoding="utf-8")
    words = {
        **theme.colours,
        "icons": resource_path("icons").as_posix(),
        "name": theme.name,
        "figure_size": f"{1.5 * points:.1f}pt",
    }
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(f"@{word}", words[word])
    return text
