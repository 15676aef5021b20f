"""The process that starts all the others on a machine."""
