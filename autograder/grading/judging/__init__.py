"""One submission → its outcome; with `checking`, `submission` and `kernel` this decides a score."""
