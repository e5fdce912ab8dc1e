"""Document events turned into pyqtgraph items."""
