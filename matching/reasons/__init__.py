"""Why an output stayed behind and a match is where it is, in figures and in words."""
