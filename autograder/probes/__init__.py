"""Code that runs beside a student's names: it asks, it never judges and holds no expected value.

One module per assignment. The module's whole source is sent to the student's kernel, so it imports
nothing of `autograder`. A probe is a module-level function whose first argument is `ns`, the
student's names; the other arguments and the result are plain data (`autograder.wire`).
"""
