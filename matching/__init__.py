"""A small optimisation library: a case in, a proven plan out. PROBLEM.md states the model.

Rooms, each resting on those before it (a contract in CI says so): `case` the instance · `case_format` its
files · `flow` limits, levels, residual networks, prices · `pairs` which outputs and capacities may meet, and
the parts of a case · `proof` the independent checker, which imports no engine · `engines` the optimum ·
`reasons` why not, and why here · `plans` a whole case planned, written, verified, planned anew ·
`near_optimal` plans for little more · `database` snapshots and runs · `advice` on one posting. Only the last
two know a database session.
"""
