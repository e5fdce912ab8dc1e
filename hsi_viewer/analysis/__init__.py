"""Spectral angle, scatter plots and library matches, computed without Qt."""
