"""SelectTool: takes hold of labelled regions, to move, copy or delete them."""

from __future__ import annotations

from functools import partial

from hsi_viewer.core.geometry.connected_regions import connected_area
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.labels.label_patch import Patch
from hsi_viewer.session.document.region_edits import delete_patch, move_patch, paste_patch
from hsi_viewer.ui.tools.tool import Key, Pointer, Preview, Tool
from hsi_viewer.ui.tools.tool_context import ToolContext
from hsi_viewer.ui.widgets.choice import Choice

LARGEST = 6_000_000  # pixels of the window that is searched for a region


class SelectTool(Tool):
    """Click selects a region, Shift adds one; drag moves, with Ctrl copies; Delete deletes."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._patch: Patch | None = None
        self._copied: Patch | None = None
        self._from: Pixel | None = None
        self._way: Pixel = (0, 0)
        self._copying = False
        self._preview: Preview | None = None

    @property
    def patch(self) -> Patch | None:
        """The selected labels as they are now; None if they changed meanwhile."""
        document, patch = self._context.document, self._patch
        if document is None or patch is None:
            return None
        pixels, ids = patch.within(document.labels.shape)
        if not pixels.size or (document.labels.ids.ravel()[pixels] != ids).any():
            self.drop()
            return None
        return self._patch

    @property
    def can_paste(self) -> bool:
        """Whether something was copied."""
        return self._copied is not None

    def press(self, at: Pointer) -> None:
        """Select the region under the mouse; one that is selected can be dragged."""
        document = self._context.document
        if document is None:
            return
        patch = self.patch
        held = patch is not None and _holds(patch, at.pixel)
        if not held:
            found = self._region(at.pixel)
            if found is not None and patch is not None and at.shift:
                found = patch.joined(found)
            self._patch = found if found is not None or not at.shift else patch
        self._from = at.pixel if self._patch is not None else None
        self._way = (0, 0)
        self._show()
        self._context.option_changed()

    def drag(self, at: Pointer) -> None:
        """Show the regions where they would go."""
        if self._from is not None:
            self._way = at.pixel[0] - self._from[0], at.pixel[1] - self._from[1]
            self._copying = at.ctrl
            self._show()

    def release(self, at: Pointer) -> None:
        """Move or copy them there."""
        self.drag(at)
        document, patch, way = self._context.document, self.patch, self._way
        self._from, self._way = None, (0, 0)
        if document is not None and patch is not None and way != (0, 0):
            if self._copying:
                self._patch = patch.moved(*way)
                paste_patch(document, self._patch)
            elif not self._locked(patch):
                self._patch = move_patch(document, patch, *way)
        self._show()
        self._context.option_changed()

    def key(self, key: Key) -> bool:
        """Delete and Backspace remove the labels."""
        if key == "accept" or self.patch is None:
            return False
        self.delete()
        return True

    def cancel(self) -> bool:
        """Stop dragging; else select nothing."""
        if self._from is not None and self._way != (0, 0):
            self._from, self._way = None, (0, 0)
            self._show()
            return True
        had = self._patch is not None
        self.drop()
        return had

    def preview(self) -> Preview | None:
        """The outline of what is selected."""
        if self._from is None and self._patch is not None and self.patch is None:
            return None
        return self._preview

    def drop(self) -> None:
        """Select nothing."""
        self._patch = self._from = self._preview = None
        self._way = (0, 0)

    def copy(self) -> None:
        """Remember what is selected."""
        self._copied = self.patch
        self._context.option_changed()

    def paste(self, at: Pixel | None) -> None:
        """Label a copy with its middle at a pixel (None: where it was), and select it."""
        document, copied = self._context.document, self._copied
        if document is None or copied is None:
            return
        row, column = at if at is not None else copied.middle
        self._patch = copied.moved(row - copied.middle[0], column - copied.middle[1])
        paste_patch(document, self._patch)
        self._show()
        self._context.update_preview()

    def delete(self) -> None:
        """Take the labels of what is selected away."""
        document, patch = self._context.document, self.patch
        if document is not None and patch is not None and not self._locked(patch):
            self.drop()
            delete_patch(document, patch)
            self._context.update_preview()

    def _locked(self, patch: Patch) -> bool:
        """Whether a class of the patch is locked; the user is told if so."""
        document = self._context.document
        classes = document.legend if document is not None else ()
        found = [c for c in classes if c.locked and (patch.ids == c.id).any()]
        if found and document is not None:
            self._context.notify(
                f"“{found[0].name}” is locked: unlock it to change its labels.",
                "info",
                Choice("Unlock", partial(document.lock_class, found[0].id, False)),
            )
        return bool(found)

    def _region(self, pixel: Pixel) -> Patch | None:
        document = self._context.document
        if document is None or not document.labels.ids[pixel]:
            return None
        pixels = connected_area(document.labels.ids, pixel, corners=True, limit=LARGEST)
        if pixels is None:
            self._context.notify("This region is too large to select.", "warning")
            return None
        return Patch.of(pixels, document.labels.ids)

    def _show(self) -> None:
        patch, document = self._patch, self._context.document
        if patch is None or document is None or not len(patch):
            self._preview = None
            return
        shown = patch.moved(*self._way)
        first = int(patch.ids[0])
        colour = document.legend[first].colour if first in document.legend else (255, 255, 255)
        self._preview = Preview(mask=shown.mask(), origin=shown.origin, colour=colour)


def _holds(patch: Patch, pixel: Pixel) -> bool:
    return bool(((patch.rows == pixel[0]) & (patch.columns == pixel[1])).any())
