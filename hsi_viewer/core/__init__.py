"""Models and mathematics of hyperspectral images: numpy and scipy only."""
