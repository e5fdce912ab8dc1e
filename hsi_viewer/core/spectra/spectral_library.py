"""SpectralLibrary: named spectra on one list of wavelengths."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.spectra.resampling import resampled_gaussian, resampled_linear


class SpectralLibrary(Struct, frozen=True):
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
                f"{self.name}: a library is spectra x bands, with at least one of each."
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

    def resampled(
        self, wavelengths: NDArray[np.float64], fwhm: NDArray[np.float64] | None = None
    ) -> SpectralLibrary:
        """The library at the wavelengths of a sensor (nm), NaN outside of its own.

        Parameters
        ----------
        wavelengths : (bands,) nm.
        fwhm : (bands,) nm for the Gaussian bands of a sensor; None takes values between channels.

        Raises
        ------
        FormatError
            if the library has no wavelengths.
        """
        if self.wavelengths is None:
            raise FormatError(f"{self.name} has no wavelengths; it cannot be resampled.")
        if fwhm is None:
            spectra = resampled_linear(self.wavelengths, self.spectra, wavelengths)
        else:
            spectra = resampled_gaussian(self.wavelengths, self.spectra, wavelengths, fwhm)
        return SpectralLibrary(self.names, wavelengths, spectra, self.name, self.warnings)
