"""RestTimer: calls something once, when what starts it has rested for a while."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer


class RestTimer(QTimer):
    """Starting it again while it runs begins the wait again.

    Parameters
    ----------
    rest_ms : milliseconds to wait; 0 for the next turn of the event loop.
    done : slot or signal that is called then.
    """

    def __init__(self, rest_ms: int, done: object, parent: QObject) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(rest_ms)
        self.timeout.connect(done)
