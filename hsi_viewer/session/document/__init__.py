"""The open document: the cube, its labels, its results."""
