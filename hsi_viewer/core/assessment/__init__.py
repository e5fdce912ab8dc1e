"""How good a class map is, and how far apart its classes are."""
