from autograder.settings import use_autograder

c = get_config()  # noqa: F821
use_autograder(c)
c.CourseDirectory.course_id = "odd"
c.Judge.timeout = 2
c.Judge.submission_timeout = 12
c.Judge.iopub_timeout = 2
c.Judge.allow_unsealed = True
c.Judge.preload = ["statistics"]
c.Judge.limits = {"memory_bytes": 1 << 30, "processes": 64}
