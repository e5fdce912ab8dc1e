"""Wavelengths, map info and coordinate systems."""
