"""Reference samples: drawn from a map, and labelled without seeing it."""
