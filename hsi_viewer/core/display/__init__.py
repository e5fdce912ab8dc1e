"""How a scene is drawn: composites, stretches, layers."""
