"""The commands that do what a message asks for, as buttons of the message."""

from __future__ import annotations

# By the words that a message begins with; of several commands, those that can be done now.
REMEDIES: dict[str, tuple[str, ...]] = {
    "Open a scene": ("file.open", "file.sample"),
    "Open a spectral library": ("spectra.library",),
    "Train first": ("train.start",),
    "There is no class map yet: train first": ("train.start",),
    "The model of this map isn't at hand": ("train.start",),
    "Label some pixels": ("class.add", "labels.draw"),
    "Label pixels of two classes": ("class.add", "labels.draw"),
    "Only “": ("class.add",),
    "Choose a class": ("class.add",),
    "Select pixels first": ("select.lasso", "spectra.scatter"),
    "Select a region": ("tool.select",),
    "Choose a region of labels": ("tool.select",),
    "Click a pixel": ("tool.navigate",),
    "Click pixels": ("tool.navigate",),
    "Pick a pixel": ("tool.navigate",),
    "This region is too large to fill: draw": ("tool.polygon",),
    "Load a ground truth": ("labels.test",),
    "Draw a reference sample": ("map.sample",),
    "Add the sessions of": ("file.scenes",),
    "Strokes are kept in": ("session.save_as",),
    "This scene is also open in": ("session.save_as",),
}


def remedies(text: str) -> tuple[str, ...]:
    """Ids of the commands that a message leads to, the likeliest first."""
    found = (ids for words, ids in REMEDIES.items() if text.startswith(words))
    return next(found, ())
