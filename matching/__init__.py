"""A small optimisation library: a case in, a proven plan out. PROBLEM.md states the model.

In the order of a run: `case` and `case_files` the instance · `distances`, `eligibility`, `costs` from
the case to its arcs · `cap_tree`, `problem` the model · `network`, `network_flow`, `solve` the optimum ·
`exchange`, `prices`, `verify`, `certificate`, `written_plan`, `plan_verification` the proof · `explain`,
`room`, `reason_words`, `graph` the reasons · `plan`, `summary`, `plan_files` the result. Only `snapshot`,
`run` and `recommend` know a database session.
"""
