"""nbgrader for this course: hidden checks are judged outside the student's process."""

from autograder.settings import use_autograder

c = get_config()  # noqa: F821
use_autograder(c)

c.CourseDirectory.course_id = "images"

# What the notebooks import: loaded before a student's time counts.
c.Judge.preload = ["numpy", "matplotlib.pyplot"]

# Seconds: one cell, and everything a submission runs.
c.Judge.timeout = 60
c.Judge.submission_timeout = 300
