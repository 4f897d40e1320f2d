"""Reference data as dated, sourced rows, and the loaders that answer as of a day."""
