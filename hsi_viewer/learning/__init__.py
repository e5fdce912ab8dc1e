"""The self-distilled classifier, its features, refinement and baselines."""
