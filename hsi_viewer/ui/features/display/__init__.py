"""How the scene is shown."""
