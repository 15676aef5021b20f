"""A warm process for a course, which runs commands without their start.

    autograder grade ──request──▶ warm process ──fork──▶ the command, with the terminal of its caller
                     ◀───────────── exit code ──────────┘
                                  node ── fork server ── sealed kernels, for all commands

`protocol` is what goes over the socket, `client` the side of the command that a person has typed,
`warm` the process that has everything imported.
"""
