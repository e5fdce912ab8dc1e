"""ChoiceBox: a list of choices whose text is cut in its middle where it has no room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QToolTip


class ChoiceBox(QComboBox):
    """Qt's list cuts a long text off without a sign; here its tip has the whole of it."""

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """Take the cut text for the whole one."""
        super().initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self)
        icon = 0 if option.currentIcon.isNull() else option.iconSize.width() + 4
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideMiddle, room.width() - icon
        )

    @property
    def shown_text(self) -> str:
        """The text as it is drawn."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        return str(option.currentText)

    def event(self, event: QEvent) -> bool:
        """Show a text that is cut in the tip, above what it says otherwise."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            whole = [self.currentText()] if self.shown_text != self.currentText() else []
            QToolTip.showText(event.globalPos(), "\n".join([*whole, self.toolTip()]).strip(), self)
            return True
        return super().event(event)
