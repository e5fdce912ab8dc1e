"""CubeMetadata: what a file gives of a cube, apart from its values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.cube.georeference import Georeference


def possible_wavelengths(
    nm: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """Wavelengths (nm) with NaN for those that no light has, and a sentence if there are any.

    None, if no band has a possible one.
    """
    possible = np.ones(0, bool) if nm is None else np.isfinite(nm) & (nm > 0)
    if nm is None or possible.all():
        return nm, ()
    if not possible.any():
        return None, ("The wavelengths are not positive numbers; they are not used.",)
    wrong = np.unique(nm[~possible]).tolist()
    shown = ", ".join(f"{value:g}" for value in wrong[:3]) + ", ..." * (len(wrong) > 3)
    count = np.count_nonzero(~possible)
    return np.where(possible, nm, np.nan), (
        f"No possible wavelength is given for {count} of {nm.size} bands ({shown}).",
    )


class CubeMetadata(Struct, frozen=True, eq=False):
    """Metadata of a cube as a reader finds them; what isn't given is None or empty.

    Attributes
    ----------
    wavelengths, fwhm : (bands,) nm.
    wavelength_units_in_file : as written there.
    good_bands : (bands,) bool, False for bands marked bad.
    nodata : stored value that means "no data".
    scale, offset : stored value * scale + offset = physical value; 1 and 0 where not given.
    georeference : place on the Earth.
    default_bands : three 0-based bands to show.
    band_names : one per band.
    format_name : e.g. "ENVI".
    interleave : "bsq", "bil" or "bip".
    class_names : names of classes by id.
    fields : every other header field, as text.
    about : licence, citation, history; Markdown.
    ground_truth : where labels are read from for the scene's own ground truth.
    valid_range : lowest and highest stored value that the file calls valid.
    """

    wavelengths: NDArray[np.float64] | None = None
    fwhm: NDArray[np.float64] | None = None
    wavelength_units_in_file: str | None = None
    good_bands: NDArray[np.bool_] | None = None
    nodata: float | None = None
    scale: float = 1.0
    offset: float = 0.0
    georeference: Georeference | None = None
    default_bands: tuple[int, int, int] | None = None
    band_names: tuple[str, ...] | None = None
    format_name: str = ""
    interleave: str | None = None
    class_names: Mapping[int, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    ground_truth: str = ""
    valid_range: tuple[float, float] | None = None

    def merged(self, other: CubeMetadata) -> CubeMetadata:
        """These metadata, completed by what others know; what both know stays.

        The unit comes along with the wavelengths, and scale and offset come together: one of
        each source would make values that neither means. Of the other header fields, those of
        the same name stay.
        """
        found = {
            name: getattr(other, name)
            for name in (
                "fwhm", "good_bands", "nodata", "georeference", "default_bands", "band_names",
                "interleave", "valid_range",
            )
            if getattr(self, name) is None
        }  # fmt: skip
        found |= {
            name: getattr(other, name)
            for name in ("format_name", "class_names", "about", "ground_truth")
            if not getattr(self, name)
        }
        if self.wavelengths is None and other.wavelengths is not None:
            found["wavelengths"] = other.wavelengths
            found["wavelength_units_in_file"] = other.wavelength_units_in_file
        if not self.is_scaled:
            found |= {"scale": other.scale, "offset": other.offset}
        return replace(self, fields={**other.fields, **self.fields}, **found)

    @property
    def is_scaled(self) -> bool:
        """Whether physical values differ from the stored ones."""
        return self.scale != 1.0 or self.offset != 0.0
