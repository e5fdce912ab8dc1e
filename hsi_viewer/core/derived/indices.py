"""Indices and band ratios that people ask for by name, as formulas of wavelengths."""

from __future__ import annotations

from msgspec import Struct

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived.formula import parse_formula
from hsi_viewer.core.errors import FormulaError


class SpectralIndex(Struct, frozen=True):
    """An index.

    Attributes
    ----------
    name : short, e.g. "NDVI".
    title : what it stands for and shows.
    formula : see `core.formula`.
    source : where it was published.
    needs_reflectance : whether it holds constants that are meant for reflectance 0..1.
    """

    name: str
    title: str
    formula: str
    source: str
    needs_reflectance: bool = False


def _difference(first: str, second: str) -> str:
    return f"({first} - {second}) / ({first} + {second})"


INDICES = (
    SpectralIndex(
        "NDVI",
        "Normalised difference vegetation index: green vegetation is bright",
        _difference("r860", "r650"),
        "Rouse et al. 1974, NASA SP-351, 309-317",
    ),
    SpectralIndex(
        "EVI",
        "Enhanced vegetation index: as NDVI, less saturated over dense canopies",
        "2.5 * (r860 - r650) / (r860 + 6 * r650 - 7.5 * r470 + 1)",
        "Huete et al. 2002, Remote Sens. Environ. 83, 195-213",
        needs_reflectance=True,
    ),
    SpectralIndex(
        "SAVI",
        "Soil-adjusted vegetation index, L = 0.5: for sparse vegetation",
        "1.5 * (r860 - r650) / (r860 + r650 + 0.5)",
        "Huete 1988, Remote Sens. Environ. 25, 295-309",
        needs_reflectance=True,
    ),
    SpectralIndex(
        "NDRE",
        "Normalised difference red edge: chlorophyll in dense crops",
        _difference("r790", "r720"),
        "Barnes et al. 2000, 5th Int. Conf. on Precision Agriculture",
    ),
    SpectralIndex(
        "PRI",
        "Photochemical reflectance index: light-use efficiency and stress",
        _difference("r531", "r570"),
        "Gamon et al. 1992, Remote Sens. Environ. 41, 35-44",
    ),
    SpectralIndex(
        "NDWI",
        "Normalised difference water index: open water is bright",
        _difference("r560", "r860"),
        "McFeeters 1996, Int. J. Remote Sens. 17, 1425-1432",
    ),
    SpectralIndex(
        "NDMI",
        "Normalised difference moisture index: water in leaves (the NDWI of Gao)",
        _difference("r860", "r1240"),
        "Gao 1996, Remote Sens. Environ. 58, 257-266",
    ),
    SpectralIndex(
        "NBR",
        "Normalised burn ratio: burnt areas are dark",
        _difference("r860", "r2200"),
        "Key and Benson 2006, USDA RMRS-GTR-164-CD",
    ),
    SpectralIndex(
        "NDSI",
        "Normalised difference snow index: snow is bright",
        _difference("r560", "r1650"),
        "Hall et al. 1995, Remote Sens. Environ. 54, 127-140",
    ),
    SpectralIndex(
        "Clay ratio",
        "Clay and other minerals with hydroxyl are bright",
        "r1650 / r2200",
        "Drury 1987, Image Interpretation in Geology",
    ),
    SpectralIndex(
        "Iron oxide ratio",
        "Ferric iron is bright",
        "r650 / r470",
        "Segal 1982, Int. Symp. Remote Sensing of Environment, 2nd Thematic Conf.",
    ),
    SpectralIndex(
        "Ferrous ratio",
        "Minerals with ferrous iron are bright",
        "r1650 / r860",
        "Segal 1982, Int. Symp. Remote Sensing of Environment, 2nd Thematic Conf.",
    ),
)


def index_named(name: str) -> SpectralIndex:
    """The index of a name.

    Raises
    ------
    KeyError
        if there is none.
    """
    return {i.name: i for i in INDICES}[name]


def disabled_reason(index: SpectralIndex, cube: HyperCube) -> str | None:
    """Reason why a cube does not give an index, in the user's words; None when it does."""
    try:
        parse_formula(index.formula).bands_in(cube)
    except FormulaError as error:
        return f"{index.name} cannot be computed. {error}"
    if index.needs_reflectance and cube.scale == 1.0 and cube.dtype.kind in "iu":
        return (
            f"{index.name} is defined for reflectance between 0 and 1: {cube.name} contains whole "
            "numbers and gives no scale factor."
        )
    return None
