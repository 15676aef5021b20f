"""Constants of an assignment that differ from student to student.

`hidden/NN/variant.py` names them with the values of everybody's release (`CONSTANTS`), and draws
others (`draw`). In the text file they stand as `NAME = value` in setup cells, and as `{{NAME}}` in
Markdown.
"""
