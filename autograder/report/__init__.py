"""The class report: how an assignment went, for its teachers.

`data` gathers the figures, `measures` and `similarity` compute them, `page` shows them.
"""
