"""A HybridSN whose layers teach each other: network, training, files."""
