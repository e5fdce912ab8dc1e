"""Label files, legends and class maps."""
