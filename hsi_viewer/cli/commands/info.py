"""hsi-viewer info: what is known about a cube."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from hsi_viewer.cli.output import SAMPLE, add_cube, add_json, print_json
from hsi_viewer.cli.parser import Commands
from hsi_viewer.cli.streams import print_text
from hsi_viewer.core.errors import FileError

EXAMPLES = ("hsi-viewer info scene.hdr", f"hsi-viewer info {SAMPLE} --json")


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("info", run, "print what is known about a cube", EXAMPLES)
    add_cube(parser)
    add_json(parser)


def run(options: Namespace) -> int:
    """Print the facts, and the header doctor's diagnosis where there is one."""
    from hsi_viewer.io.info_in_time import found_in_time

    found = found_in_time(options.cube, diagnose=not options.json)
    if found.error is not None or found.facts is None:
        if found.diagnosis is not None:
            print_text(found.diagnosis)
        raise found.error or FileError(f"{options.cube} could not be read.")
    if options.json:
        print_json(found.facts)
        return 0
    width = max(len(name) for name in found.facts)
    lines = (f"{n.replace('_', ' '):{width}}  {_text(v)}" for n, v in found.facts.items())
    print_text("\n".join(lines))
    if found.diagnosis is not None:
        print_text(f"\n{found.diagnosis}")
    return 0


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)
