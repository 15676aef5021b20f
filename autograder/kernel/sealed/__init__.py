"""The processes that become a student's: the fork server, the sandbox, the kernel."""
