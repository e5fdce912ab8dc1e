"""Regions of interest: import and export in every format."""
