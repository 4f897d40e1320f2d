"""Migrations of the database, applied by `circularity.database.upgrade`; never rewritten once released."""
