"""Several scenes: their sessions side by side, and one model of all of them."""
