"""Ask for input, though nobody is there to answer."""

STATUS = "timed out"
SCORE = 5
SOLVED = True
CELL = """\
kernel = get_ipython().kernel
kernel._allow_stdin = True
kernel.get_parent("shell")["content"]["allow_stdin"] = True
print(kernel._input_request("your points?", kernel._shell_parent_ident.get(), kernel.get_parent("shell")))
"""
