"""The processes that run students' cells, a folder for each.

    grader ── node ─┬─ fork server ── kernel, kernel, …        (sealed)
                    └─ supervisor, supervisor, …

`grader` is the grader's side, `node` and `supervisor` stand between, `sealed` ends as the student's
process. What they have in common lies here: limits, the protocol between them, Linux calls.
"""
