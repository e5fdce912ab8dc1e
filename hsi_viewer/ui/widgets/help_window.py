"""HelpWindow: the user guide with contents, search and links, readable without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QImage, QKeySequence, QShortcut, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.guide import INDEX, Guide, anchor
from hsi_viewer.ui.theme import icon

LINK_ROLE = Qt.ItemDataRole.UserRole
MAX_IMAGE = 620  # logical pixels


class _Page(QTextBrowser):
    """Shows one page; its images come from the guide's folder and are made to fit."""

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self.setOpenLinks(False)
        self.setAccessibleName("Page of the guide")

    def loadResource(self, kind: int, url: QUrl | str) -> Any:
        """Load an image relative to the guide, not wider than the page."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return super().loadResource(kind, url)
        name = url.toString() if isinstance(url, QUrl) else url
        image = QImage(str(self._folder / name))
        ratio = self.devicePixelRatioF()
        width = round(MAX_IMAGE * ratio)
        if image.width() > width:
            image = image.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
        image.setDevicePixelRatio(ratio)
        return image


class HelpWindow(QDialog):
    """The guide in a window of its own, beside the main one.

    Parameters
    ----------
    guide : its pages.
    folder : where the pages, and their images, are.
    """

    def __init__(self, guide: Guide, folder: Path, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("User guide")
        self._guide = guide
        self._behind: list[str] = []
        self._ahead: list[str] = []
        self.link = ""
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the guide (Ctrl+F)")
        self.search.setAccessibleName("Search the guide")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._fill)
        self.contents = QListWidget()
        self.contents.setAccessibleName("Contents")
        self.contents.setWordWrap(True)
        self.contents.itemClicked.connect(self._on_item)
        self.contents.itemActivated.connect(self._on_item)
        self.page = _Page(folder)
        self.page.anchorClicked.connect(self._on_link)
        self.back = self._button("arrow-left", "Back", "Alt+Left", self.go_back)
        self.forward = self._button("arrow-right", "Forward", "Alt+Right", self.go_forward)
        self.home = self._button("home-outline", "First page", "Alt+Home", self.go_home)
        self._lay_out()
        QShortcut(QKeySequence("Ctrl+F"), self).activated.connect(self.search.setFocus)
        self._fill("")
        self.open(INDEX)

    def _button(self, sign: str, words: str, keys: str, run: Any) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(sign))
        button.setAutoRaise(True)
        button.setToolTip(f"{words} ({keys})")
        button.setAccessibleName(words)
        button.setShortcut(QKeySequence(keys))
        button.clicked.connect(run)
        return button

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        for button in (self.back, self.forward, self.home):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.search)
        column.addWidget(self.contents, 1)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(self.page)
        splitter.setSizes([240, 680])
        splitter.setStretchFactor(1, 1)
        QVBoxLayout(self).addWidget(splitter)
        self.resize(960, 680)

    def open(self, link: str) -> None:  # type: ignore[override]
        """Show a page, at a heading where the link names one: "labelling.md#the-brush"."""
        if self.link and link != self.link:
            self._behind.append(self.link)
            self._ahead.clear()
        self._show(link)

    @Slot()
    def go_back(self) -> None:
        """Show what was shown before."""
        if self._behind:
            self._ahead.append(self.link)
            self._show(self._behind.pop())

    @Slot()
    def go_forward(self) -> None:
        """Show again what was left by `go_back`."""
        if self._ahead:
            self._behind.append(self.link)
            self._show(self._ahead.pop())

    @Slot()
    def go_home(self) -> None:
        """Show the first page."""
        self.open(INDEX)

    def _show(self, link: str) -> None:
        name, _, heading = link.partition("#")
        name = name or self.link.partition("#")[0]
        if name not in self._guide.pages:
            return
        if name != self.link.partition("#")[0] or not self.page.toPlainText():
            self.page.setMarkdown(self._guide.pages[name])
        self.link = f"{name}#{heading}" if heading else name
        self.page.verticalScrollBar().setValue(0)
        if heading:
            self._scroll_to(heading)
        self.back.setEnabled(bool(self._behind))
        self.forward.setEnabled(bool(self._ahead))
        for n in range(self.contents.count()):
            if self.contents.item(n).data(LINK_ROLE) == name:
                self.contents.setCurrentRow(n)

    def _scroll_to(self, heading: str) -> None:
        document = self.page.document()
        block = document.begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and anchor(block.text()) == heading:
                top = document.documentLayout().blockBoundingRect(block).top()
                self.page.verticalScrollBar().setValue(round(top))
                return
            block = block.next()

    @Slot(QUrl)
    def _on_link(self, url: QUrl) -> None:
        text = url.toString()
        if url.scheme():
            QDesktopServices.openUrl(url)
        else:
            self.open(text if not text.startswith("#") else self.link.partition("#")[0] + text)

    @Slot(QListWidgetItem)
    def _on_item(self, item: QListWidgetItem) -> None:
        self.open(item.data(LINK_ROLE))

    @Slot(str)
    def _fill(self, text: str) -> None:
        """List the contents, or the sections that hold the words."""
        self.contents.clear()
        words = text.lower().split()
        if words:
            shown = [(s.link, f"{s.heading}\n{s.snippet(words)}") for s in self._guide.find(text)]
        else:
            shown = list(self._guide.contents)
        for link, title in shown:
            item = QListWidgetItem(title)
            item.setData(LINK_ROLE, link)
            self.contents.addItem(item)
        if not shown:
            self.contents.addItem("Nothing found")
            self.contents.item(0).setFlags(Qt.ItemFlag.NoItemFlags)
