"""LabelChanges: changes of many labels, worked out by a worker where the scene is large."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject

from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.text import counted
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import Base, LabelLoad, base_of, carry_out
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.workspace import Workspace

LARGE = 1 << 21  # pixels of a scene that are gone through in the interface's thread: in 10 ms

Plan = Callable[[Document, Base], LabelLoad | None]  # None if there is nothing to do any more


class LabelChanges(QObject):
    """Carries out planned changes of labels, one after the other."""

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace

    def carry_out(
        self, title: str, plan: Plan, on_done: Callable[[LabelLoad], None], *, large: bool = False
    ) -> None:
        """Change the labels of the open document as one step.

        Parameters
        ----------
        title : of the task, where there is one.
        plan : works the change out, for the labels and classes as they are then; it is asked again
            if these change meanwhile.
        on_done : called in the interface's thread once it is applied.
        large : whether a worker does it in a small scene, too.
        """
        document = self._workspace.document
        if document is None:
            return
        base = base_of(document)
        rows, columns = document.labels.shape
        if not large and rows * columns <= LARGE:
            self._finish(title, plan, on_done, document, plan(document, base))
            return

        def work(_token: CancelToken, _port: ProgressPort) -> LabelLoad | None:
            return plan(document, base)

        done = partial(self._finish, title, plan, on_done, document)
        self._workspace.compute(title, work, done, document=document, key="")

    def _finish(
        self,
        title: str,
        plan: Plan,
        on_done: Callable[[LabelLoad], None],
        document: Document,
        load: LabelLoad | None,
    ) -> None:
        if load is None:
            return
        if carry_out(document, load):
            on_done(load)
        else:
            self.carry_out(title, plan, on_done, large=True)


def told_labelled(
    workspace: Workspace, name: str, undo: Callable[[], Choice]
) -> Callable[[LabelLoad], None]:
    """Tells how many pixels were given to a class of this name, with a button that undoes it."""

    def tell(load: LabelLoad) -> None:
        changed = load.prepared.edit.pixels.size
        labelled = counted(changed, "pixel", "was", "were")
        workspace.notify(f"{labelled} labelled “{name}”.", "info", undo())

    return tell
