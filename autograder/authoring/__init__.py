"""From what a teacher writes to a proven release."""
