"""File formats: one module per format, and the only place where files become nouns and nouns become files."""
