"""Utilisation rates, planned and reported: queries over sums of kilograms, never stored fields."""
