"""What is open: the cube, its labels, its results."""
