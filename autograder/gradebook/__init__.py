"""The one writer of the gradebook, and what it keeps beside it."""

import warnings

# nbgrader 0.9 on SQLAlchemy 2 warns about its own relationships at every submission.
warnings.filterwarnings("ignore", message="Object of type <Submitted")
