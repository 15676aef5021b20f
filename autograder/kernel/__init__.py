"""The processes that run students' cells, a folder for each.

    grader ── node ─┬─ fork server ── kernel, kernel, …        (sealed)
                    └─ supervisor, supervisor, …

`grader` is the grader's side, `node` and `supervisor` lie in between, `sealed` ends up as the
student's process. What they share is in this folder: limits, the protocol, Linux calls,
the files that a kernel sees.
"""
