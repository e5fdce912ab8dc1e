"""What a view shows of a scene, computed without Qt: spectral angle, scatter, matches."""
