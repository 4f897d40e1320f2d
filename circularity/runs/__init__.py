"""Matching runs as stored facts: proposals, reasons, prices, what changed, and what of it others may see."""
