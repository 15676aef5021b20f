"""Hidden checks, one module per assignment (`01_mlp_basics` → `mlp_basics.py`). They judge."""
