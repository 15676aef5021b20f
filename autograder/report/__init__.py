"""The class report: how an assignment went, for whoever teaches it.

`data` gathers the figures, `measures` and `similarity` compute them, `page` shows them.
"""
