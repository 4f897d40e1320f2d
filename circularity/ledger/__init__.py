"""The mass ledger in kilograms, and the monthly books of generators that feed it."""
