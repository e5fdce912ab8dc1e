"""Many scenes: a model applied to files, with a table of the results."""
