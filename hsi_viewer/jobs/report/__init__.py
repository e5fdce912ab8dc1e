"""Reports: what is known about a class map, as pages, tables and JSON."""
