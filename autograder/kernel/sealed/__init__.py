"""What becomes a student's process: the fork server, the sandbox, the kernel."""
