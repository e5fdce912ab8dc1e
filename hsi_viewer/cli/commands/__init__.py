"""The commands: each is one file and one row here."""

from __future__ import annotations

from collections.abc import Callable

from hsi_viewer.cli.commands import (
    apply,
    areas,
    assess,
    check_labels,
    classify,
    clean,
    convert,
    demo,
    info,
    open_window,
    polygons,
    report,
    sample,
    suggest,
    train,
    verify,
)
from hsi_viewer.cli.parser import Commands

# In the order of the help.
COMMANDS: tuple[Callable[[Commands], None], ...] = (
    open_window.add,
    info.add,
    classify.add,
    train.add,
    apply.add,
    assess.add,
    report.add,
    verify.add,
    suggest.add,
    check_labels.add,
    clean.add,
    polygons.add,
    areas.add,
    sample.add,
    convert.add,
    demo.add,
)
