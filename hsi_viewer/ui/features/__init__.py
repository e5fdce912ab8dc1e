"""What the window can do beyond its core, one ability a file; `catalogue` lists them."""
