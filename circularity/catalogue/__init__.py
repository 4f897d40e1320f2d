"""Reference data as dated, sourced rows, and the loaders that answer as of a day.

`waste_types` the two official lists and the names people use · `operations` what may be done, with rank ·
`utilisation` what counts · `regions` · `targets` · `procedures` what must be granted first · `legal` bases ·
`exemptions` · `factors` · `streams` · `imports` takes an official list in, `overlay` is where it lies.
The rows are in `data/*.csv`; what is known to be missing or unverified is in `NOTES.md`.
"""
