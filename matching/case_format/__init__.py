"""Cases as files, written by programs or by people, read with every problem at its place."""
