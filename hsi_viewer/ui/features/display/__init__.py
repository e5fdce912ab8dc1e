"""The display of the scene: bands, contrast, layers, derived images, views."""
