"""Who may do what to which object: pure functions over plain values, without a database and without Flask.

`acting` is who asks, `objects` what a question is about, `powers` what authorities may do by kind and level,
`verbs` the table of verbs, and `decisions` puts them together: `may(acting, verb, thing)`.
"""
