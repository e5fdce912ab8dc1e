"""Spectra, curves, libraries and resampling."""
