"""What the notebooks import: `from helpers import data, plots, progress, seeding, widgets`.

Nothing is imported here, so that code without widgets or plots does not pay for them.
"""
