"""The tables of revision 0005, by subject; frozen with it: a released migration never changes."""
