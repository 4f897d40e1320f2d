"""Whether a plan is lawful, feasible and optimal, from case and certificate; no engine is imported here."""
