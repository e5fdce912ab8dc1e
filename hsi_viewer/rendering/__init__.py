"""Pictures of scenes: overviews, samples of bands, composites."""
