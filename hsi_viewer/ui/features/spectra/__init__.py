"""Spectra, libraries, spectral angle and scatter."""
