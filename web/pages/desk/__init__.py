"""The desk: where one party does each step of the chain by hand, from a proposal to its closed month.

`acting` says for whom, `form_values` reads what was typed, `attempts` runs one verb and shows its refusal;
the other modules are pages and acts by subject. Every page here asks what its party may see.
"""
