"""Runs on the database: snapshots, what a plan says in rows, what is stored and checked at once."""
