"""Mouse tools of the image view, one a file."""
