"""The process that starts all others on a machine."""
