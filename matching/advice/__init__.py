"""Advice on one posting, load or ledger: outlets and feed by the rules of a run, as things stand."""
