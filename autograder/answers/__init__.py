"""Known mistakes and accepted alternatives, one module per assignment. They prove the checks."""
