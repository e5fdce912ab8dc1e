"""The scene on the canvas: tiles, layers, marks."""
