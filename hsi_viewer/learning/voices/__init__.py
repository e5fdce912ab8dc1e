"""The voices of the engine: classifiers of several kinds, and how they are weighed."""
