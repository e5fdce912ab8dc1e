"""Whether the ids of a map still mean the classes that it was made of."""

from __future__ import annotations

from collections.abc import Collection

from hsi_viewer.core.labels.history import History, LabelChange, LegendChange, Step


def regrouped_since(history: History, step: Step | None, class_ids: Collection[int]) -> bool:
    """Whether labels were loaded since a step that gave an id to another class, or removed it.

    A class that the user renames is the same class; undo gives the ids their meaning back.

    Parameters
    ----------
    step : that was the last one when the map was shown; of one that is gone, all steps count.
    class_ids : of the map.
    """
    steps = history.steps
    at = next((i + 1 for i, known in enumerate(steps) if known is step), 0)
    first, last = sorted((at, history.count))
    return any(_regroups(known, class_ids) for known in steps[first:last])


def _regroups(step: Step, class_ids: Collection[int]) -> bool:
    if not any(isinstance(edit, LabelChange) for edit in step.edits):
        return False
    for edit in step.edits:
        if isinstance(edit, LegendChange):
            after = {c.id: c.name for c in edit.after}
            if any(after.get(c.id) != c.name for c in edit.before if c.id in class_ids):
                return True
    return False
