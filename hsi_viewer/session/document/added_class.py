"""AddedClass: a class that is still waiting for its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.core.text import one_line

if TYPE_CHECKING:
    from hsi_viewer.session.document.document import Document


class AddedClass:
    """A class that was added just now: naming it and adding it are one step.

    Once something else was done, it is a class like the others.

    Parameters
    ----------
    document : which it was added to.
    class_id : of the class.
    """

    def __init__(self, document: Document, class_id: int) -> None:
        self.id = class_id
        self._document, self._step = document, document.history.position

    @property
    def is_last(self) -> bool:
        """Whether nothing else was done since."""
        return self._document.history.position is self._step

    def name(self, name: str) -> None:
        """Name the class, as one step with adding it; later it is renamed."""
        name, legend = one_line(name), self._document.legend
        if not name or not self.is_last or legend[self.id].name == name:
            self._document.rename_class(self.id, name)
            return
        named = legend.with_replaced(self.id, name=name)
        self._document.history.undo()
        self._document.set_classes(f"Add {name}", named)

    def withdraw(self) -> None:
        """Undo adding the class; later this does nothing."""
        if self.is_last:
            self._document.history.undo()
