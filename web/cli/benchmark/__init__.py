"""Measures the product beside plain solvers and a plain script, on generated cases, in one call.

`standard_case` names the cases, `parts` what is measured on each (`product`, `changes`, `folder`, `solvers`,
`script`, each a `task`). `worker` runs a part in a process of its own and `memory` reads what it takes;
`rounds` runs the parts in turns, `ratios` compares them, `report` prints them. Nothing of the product imports
this room.
"""
