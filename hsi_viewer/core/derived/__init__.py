"""Images computed from the bands: indices, formulas, PCA, MNF."""
