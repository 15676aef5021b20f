"""Close the sockets on which an answer is sent, under the feet of the library that uses them."""

STATUS = "timed out"
SCORE = 3
SOLVED = True
MEAN = """\
def mean(values):
    kernel = get_ipython().kernel
    kernel.iopub_socket.close()
    return values.mean()
"""
