"""SpectralLibrary: named spectra on one list of wavelengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import FormatError


@dataclass(frozen=True)
class SpectralLibrary:
    """Spectra of materials.

    Attributes
    ----------
    names : one per spectrum.
    wavelengths : (bands,) in nm, or None where the file gives none.
    spectra : (spectra, bands) physical values, NaN where deleted.
    name : short name for titles.
    warnings : sentences about what was odd in the file.
    """

    names: tuple[str, ...]
    wavelengths: NDArray[np.float64] | None
    spectra: NDArray[np.float64]
    name: str = "library"
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.spectra.ndim != 2 or 0 in self.spectra.shape:
            raise FormatError(
                f"{self.name}: a library holds spectra x bands, at least one of each."
            )
        if len(self.names) != self.spectra.shape[0]:
            raise FormatError(
                f"{self.name}: {len(self.names)} names for {self.spectra.shape[0]} spectra."
            )
        if self.wavelengths is not None and self.wavelengths.shape != (self.spectra.shape[1],):
            raise FormatError(
                f"{self.name}: {self.wavelengths.size} wavelengths for "
                f"{self.spectra.shape[1]} bands."
            )

    def __len__(self) -> int:
        return len(self.names)

    def resampled(self, wavelengths: NDArray[np.float64]) -> SpectralLibrary:
        """The library on other wavelengths (nm): linear between bands, NaN outside.

        Raises
        ------
        FormatError
            if the library has no wavelengths.
        """
        if self.wavelengths is None:
            raise FormatError(f"{self.name} has no wavelengths; it cannot be resampled.")
        order = np.argsort(self.wavelengths)
        known = self.wavelengths[order]
        spectra = np.array(
            [
                np.interp(wavelengths, known, row[order], left=np.nan, right=np.nan)
                for row in self.spectra
            ]
        )
        return SpectralLibrary(self.names, wavelengths, spectra, self.name, self.warnings)
