"""hsi-viewer open: the application, or a picture of it."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

from hsi_viewer.cli.output import SAMPLE, add_overwrite
from hsi_viewer.cli.parser import Commands
from hsi_viewer.core.errors import ExportError, HsiError
from hsi_viewer.core.garbage import no_collection
from hsi_viewer.core.paths import real_path

EXAMPLES = (
    "hsi-viewer open scene.hdr",
    "hsi-viewer open valley.hsiscenes",
    f"hsi-viewer open {SAMPLE} --screenshot window.png",
    f"hsi-viewer open {SAMPLE} --output window.png --overwrite",
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("open", run, "show a cube in the application (the default)", EXAMPLES)
    parser.add_argument(
        "cube",
        metavar="CUBE",
        nargs="?",
        help=(
            f"file of the cube, FILE:NAME for one of several arrays, or {SAMPLE}; "
            "a session (.hsiproj), or a project of scenes (.hsiscenes)"
        ),
    )
    parser.add_argument(
        "-o",
        "--output",
        "--screenshot",
        metavar="FILE",
        type=Path,
        dest="screenshot",
        help="save a picture of the window when the scene is shown, and exit (--output window.png)",
    )
    add_overwrite(parser, "a picture of that name")


def run(options: Namespace) -> int:
    """Show the window; return its exit status."""
    picture: Path | None = options.screenshot
    _choose_qt_platform(picture is not None)
    if picture is not None:
        _check_picture(picture, options.cube, options.overwrite)
    with no_collection():
        from hsi_viewer.app import run as run_application

    return run_application(options.cube, picture)


def _check_picture(picture: Path, source: str | None, overwrite: bool) -> None:
    if source is not None:
        from hsi_viewer.io.files.identify import split_source
        from hsi_viewer.io.writers.own_files import own_files

        if real_path(picture) in own_files(split_source(source)[0]):
            raise ExportError(f"{picture} is a file of the cube itself; choose another name.")
    if os.path.lexists(picture) and not overwrite:
        raise ExportError(f"{picture} exists; choose another name, or add --overwrite.")


def _choose_qt_platform(screenshot: bool) -> None:
    """Without a display Qt would abort the process: draw off screen, or say what to do."""
    shown = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if not sys.platform.startswith("linux") or any(os.environ.get(name) for name in shown):
        return
    if not screenshot:
        raise HsiError(
            "no display was found, so no window can be shown; "
            "use hsi-viewer classify, or hsi-viewer demo to see it work."
        )
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
