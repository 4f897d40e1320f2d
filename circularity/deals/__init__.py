"""Deals: from an offer or a proposal to an agreement in force, with what it holds of every limit."""
