"""Plots on pyqtgraph: spectra, scatter, histograms."""
