"""Spectral libraries and lists of bands."""
