"""A small optimisation library: a case in, a proven plan out."""
