"""One submission → its outcome; together with `checking`, `submission` and `kernel` it decides a score."""
