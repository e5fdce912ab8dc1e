"""What follows a class map: cleaning, polygons, areas, and models of other scenes."""
