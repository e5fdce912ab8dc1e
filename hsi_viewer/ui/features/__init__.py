"""Features of the window, one package for each area; `catalogue` lists them."""
