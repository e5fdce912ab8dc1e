"""Mouse tools of the image view, one per file."""
