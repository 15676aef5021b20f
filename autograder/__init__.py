"""An engine that builds, proves and grades nbgrader courses; hidden checks stay outside students' processes.

A course is a folder with `notebooks/`, `hidden/` and `nbgrader_config.py`; see `docs/architecture.md`.
"""
