"""What `autograder calibrate` trains, one module per assignment that has accuracy thresholds."""
