"""A plan of a whole case: made, priced, written, verified from its files, compared, made anew."""
