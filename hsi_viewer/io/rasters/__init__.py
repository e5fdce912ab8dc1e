"""Images that GDAL reads, one or many."""
