"""ENVI headers and the raw images that they describe."""
