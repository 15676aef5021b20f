"""A single frame above what any client takes: the points earned before it stay."""

STATUS = "crashed"
SCORE = 3
SOLVED = True
MEAN = """\
def mean(values):
    kernel = get_ipython().kernel
    kernel.session.send(kernel.iopub_socket, "autograder_reply", {}, buffers=[bytes(70 << 20)])
    return values.mean()
"""


def got(course, student, result):
    return [] if "limit of output" in result.message else [result.message]
