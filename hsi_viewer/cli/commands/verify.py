"""hsi-viewer verify: whether a bundle is as it was, and its map comes out again."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from hsi_viewer.cli.output import SAMPLE, add_device, add_reporting, print_json
from hsi_viewer.cli.parser import Commands
from hsi_viewer.cli.streams import FAILED, complain, print_text, terminable

if TYPE_CHECKING:
    from hsi_viewer.jobs.bundle.verify import Verified

EXAMPLES = (
    "hsi-viewer verify result.zip",
    "hsi-viewer verify result.zip scene.hdr --json",
    f"hsi-viewer verify result.zip {SAMPLE} --device cpu --quiet",
)


def add(commands: Commands) -> None:
    """Add the command."""
    what = "check the checksums of a bundle, and make its map again"
    parser = commands.add("verify", run, what, EXAMPLES)
    parser.add_argument(
        "bundle", metavar="BUNDLE", type=Path, help="file that classify --bundle has written"
    )
    parser.add_argument(
        "cube",
        metavar="CUBE",
        nargs="?",
        help="the scene; if left out, where it was when the bundle was written",
    )
    add_device(parser)
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Verify, and print what differs; the status is 1 if something has changed."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.jobs.bundle.verify import VerifyJob, verified_record, verify

    with terminable(), progress_on_stderr(options.quiet) as port:
        found = verify(VerifyJob(options.bundle, options.cube, options.device, port=port))
    if options.json:
        print_json(verified_record(found))
    elif not options.quiet:
        print_text("\n".join(lines_of(found)))
    elif not found.passed:
        for line in lines_of(found):
            complain(line)
    return 0 if found.passed else FAILED


def lines_of(found: Verified) -> list[str]:
    """The outcome in words."""
    contents = found.contents
    lines = [f"{name} has changed." for name in contents.changed]
    lines += [f"{name} is missing." for name in contents.missing]
    lines += [f"{name} is not part of the bundle." for name in contents.unlisted]
    lines = lines or ["Every file of the bundle is as it was."]
    if found.same_values is False:
        which = f" ({', '.join(found.changed_files)})" if found.changed_files else ""
        lines.append(f"{found.cube} is not the scene that was mapped, or it has changed{which}.")
    elif found.same_values:
        lines.append(f"{found.cube} has the values that were mapped.")
    if found.equal is not None:
        lines.append(
            f"Made again, {found.equal:,} of {found.pixels:,} pixels of the map are equal "
            f"({100 * (found.share or 0.0):.4g} %)."
        )
    return lines
