"""Label rasters of another extent, resolution or projection, laid on the grid of a cube."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.placement import Placement, PlacementNeededError
from hsi_viewer.io.metadata.crs import are_possible, crs_of, crs_text, same_crs, transformed
from hsi_viewer.io.regions.grid import PIXELS, Grid

ROWS_AT_ONCE = 1024
NEAR = 0.5  # pixels that two grids may be apart and still be one


def place_raster(
    labels: LabelFile, grid: Grid, placement: Placement | None = None
) -> ImportedLabels:
    """Labels on the grid of a cube: as they are where it is theirs, else by nearest neighbour.

    Parameters
    ----------
    labels : ids with their georeference, if any.
    grid : of the cube.
    placement : how to lay them; None finds out.

    Raises
    ------
    PlacementNeededError
        if size or place differ and the placement isn't given.
    """
    theirs = Grid.of(labels.ids.shape[0], labels.ids.shape[1], labels.georeference)
    notes = list(labels.notes)
    if placement is None:
        placement = _found_out(labels.name, theirs, grid)
    if placement is None:
        ids = labels.ids
    elif placement == "georeference":
        ids = _by_map(labels, theirs, grid, notes)
    elif placement == "resample":
        ids = _stretched(labels.ids, grid)
    else:
        ids = _cropped(labels.ids, grid)
    if placement is not None:
        notes.append(_what_was_done(placement, theirs, grid))
        lost = sorted({int(i) for i in np.unique(labels.ids)} - {int(i) for i in np.unique(ids)})
        if lost := [i for i in lost if i]:
            named = ", ".join(labels.names.get(i, f"class {i}") for i in lost[:5])
            more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
            notes.append(f"These classes have no pixel inside the cube: {named}{more}.")
    return ImportedLabels(ids, labels.names, labels.colours, tuple(notes), labels.name)


def _what_was_done(placement: Placement, theirs: Grid, grid: Grid) -> str:
    size = f"{theirs.rows} x {theirs.columns}"
    ours = f"{grid.rows} x {grid.columns}"
    match placement:
        case "georeference":
            return f"The labels ({size}) were aligned by map coordinates, nearest neighbour."
        case "resample":
            return f"The labels ({size}) were stretched to {ours}, nearest neighbour."
        case _:
            return (
                f"The labels ({size}) were aligned pixel by pixel at the top-left corner of {ours}."
            )


def _found_out(name: str, theirs: Grid, grid: Grid) -> Placement | None:
    """How to place labels; None for pixel on pixel on one grid."""
    both = theirs.transform is not None and grid.transform is not None
    if theirs.shape == grid.shape and (not both or _coincide(theirs, grid)):
        return None
    other_rows = theirs.shape != grid.shape or _cover_the_same(theirs, grid)
    if both and other_rows and _overlap(theirs, grid):
        return "georeference"
    found = f"{theirs.rows} x {theirs.columns} pixels"
    extents = _extents(theirs, grid)
    if theirs.shape == grid.shape:
        raise PlacementNeededError(
            f"{name}: the labels have the size of the cube, {found}, but a different position on "
            f"the map ({extents}).",
            ("georeference", "crop") if _overlap(theirs, grid) else ("crop",),
        )
    if both:
        why = f"they lie outside it ({extents})"
    else:
        lacking = "the labels have" if theirs.transform is None else "the cube has"
        why = f"{lacking} no georeference"
    turned = (theirs.columns, theirs.rows) == grid.shape and not both
    hint = " Rows and columns may be exchanged: if so, transpose the labels." if turned else ""
    raise PlacementNeededError(
        f"{name}: the labels are {found}, the cube is {grid.rows} x {grid.columns}, and {why}."
        f"{hint}",
        ("resample", "crop"),
    )


def _extents(theirs: Grid, grid: Grid) -> str:
    """Where both lie, and in which systems, if these differ."""
    source, target = crs_of(theirs.crs_wkt), crs_of(grid.crs_wkt)
    ends = ("", "") if same_crs(source, target) else (crs_text(source), crs_text(target))
    one, other = (f" in {name}" if name else "" for name in ends)
    return f"{theirs.extent_text()}{one}; the cube {grid.extent_text()}{other}"


def _corners_on(theirs: Grid, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Map coordinates of the corners of one raster in the system of another; NaN if it has none."""
    x, y = theirs.corners()
    source, target = crs_of(theirs.crs_wkt), crs_of(grid.crs_wkt)
    try:
        return (x, y) if same_crs(source, target) else transformed(source, target, x, y)
    except LabelError:  # no way leads from one system to the other
        return np.full_like(x, np.nan), np.full_like(y, np.nan)


def _coincide(theirs: Grid, grid: Grid) -> bool:
    """Whether two rasters are on one grid, also in systems such as WGS 84 and ETRS89."""
    x, y = _corners_on(theirs, grid)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return False
    rows, columns = grid.positions(x, y)
    own_rows, own_columns = grid.positions(*grid.corners())
    return bool(
        np.all(np.abs(rows - own_rows) < NEAR) and np.all(np.abs(columns - own_columns) < NEAR)
    )


def _cover_the_same(theirs: Grid, grid: Grid) -> bool:
    """Whether two rasters of one size have one extent, so that only their rows run otherwise."""
    if not same_crs(crs_of(theirs.crs_wkt), crs_of(grid.crs_wkt)):
        return False
    rows, columns = (np.sort(positions) for positions in grid.positions(*theirs.corners()))
    own = (np.sort(positions) for positions in grid.positions(*grid.corners()))
    return all(
        bool(np.all(np.abs(found - wanted) < NEAR))
        for found, wanted in zip((rows, columns), own, strict=True)
    )


def _overlap(theirs: Grid, grid: Grid) -> bool:
    x, y = _corners_on(theirs, grid)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return False
    rows, columns = grid.positions(x, y)
    return bool(
        rows.max() > 0
        and rows.min() < grid.rows
        and columns.max() > 0
        and columns.min() < grid.columns
    )


def _by_map(labels: LabelFile, theirs: Grid, grid: Grid, notes: list[str]) -> NDArray[np.uint16]:
    if theirs.transform is None or grid.transform is None:
        lacking = "The labels have" if theirs.transform is None else "The cube has"
        raise PlacementNeededError(
            f"{labels.name}: {lacking} no georeference.", ("resample", "crop")
        )
    source, target = crs_of(theirs.crs_wkt), crs_of(grid.crs_wkt)
    if not same_crs(source, target):
        _check_possible(labels.name, theirs, grid)
        notes.append(f"The labels were reprojected from {crs_text(source)} to {crs_text(target)}.")
        return _reprojected(labels.ids, theirs, grid)
    if (source is None) != (target is None):
        lacking = "labels" if source is None else "cube"
        notes.append(
            f"The {lacking} give no coordinate reference system; that of the other is assumed."
            if lacking == "labels"
            else "The cube gives no coordinate reference system; that of the labels is assumed."
        )
    return _nearest(labels.ids, theirs, grid)


def _check_possible(name: str, theirs: Grid, grid: Grid) -> None:
    """Refuse places that GDAL would go through for ever."""
    if not all(
        are_possible(crs_of(g.crs_wkt), np.array(g.corners())).all() for g in (theirs, grid)
    ):
        raise LabelError(
            f"{name}: the labels cannot be aligned by map coordinates; those of the labels or of "
            "the cube are impossible."
        )


def _nearest(ids: NDArray[np.uint16], theirs: Grid, grid: Grid) -> NDArray[np.uint16]:
    """The label that lies at the centre of each pixel; 0 off the labels."""
    out = np.zeros(grid.shape, np.uint16)
    a, b, c, d, e, f = grid.transform or PIXELS
    columns = np.arange(grid.columns) + 0.5
    for top in range(0, grid.rows, ROWS_AT_ONCE):
        rows = (np.arange(top, min(top + ROWS_AT_ONCE, grid.rows)) + 0.5)[:, None]
        i, j = theirs.positions(a * columns + b * rows + c, d * columns + e * rows + f)
        # A centre on the border of two pixels belongs to the later one, rounding or not.
        i, j = np.floor(i + 1e-6).astype(np.int64), np.floor(j + 1e-6).astype(np.int64)
        inside = (i >= 0) & (i < theirs.rows) & (j >= 0) & (j < theirs.columns)
        block = out[top : top + rows.size]
        block[inside] = ids[i[inside], j[inside]]
    return out


def _reprojected(ids: NDArray[np.uint16], theirs: Grid, grid: Grid) -> NDArray[np.uint16]:
    from rasterio.transform import Affine
    from rasterio.warp import Resampling, reproject

    out = np.zeros(grid.shape, np.uint16)
    reproject(
        np.ascontiguousarray(ids),
        out,
        src_transform=Affine(*(theirs.transform or PIXELS)),
        src_crs=crs_of(theirs.crs_wkt),
        dst_transform=Affine(*(grid.transform or PIXELS)),
        dst_crs=crs_of(grid.crs_wkt),
        resampling=Resampling.nearest,
    )
    return out


def _stretched(ids: NDArray[np.uint16], grid: Grid) -> NDArray[np.uint16]:
    rows = ((np.arange(grid.rows) + 0.5) * ids.shape[0] / grid.rows).astype(np.intp)
    columns = ((np.arange(grid.columns) + 0.5) * ids.shape[1] / grid.columns).astype(np.intp)
    stretched: NDArray[np.uint16] = ids[rows[:, None], columns]
    return stretched


def _cropped(ids: NDArray[np.uint16], grid: Grid) -> NDArray[np.uint16]:
    out = np.zeros(grid.shape, np.uint16)
    part = ids[: grid.rows, : grid.columns]
    out[: part.shape[0], : part.shape[1]] = part
    return out
