"""One model on many scenes: planned, computed tile by tile, resumed, and put together."""
