"""The one writer of the gradebook, and the records kept beside it."""

import warnings

# nbgrader 0.9 on SQLAlchemy 2 warns about its own relationships for every submission.
warnings.filterwarnings("ignore", message="Object of type <Submitted")
