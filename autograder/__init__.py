"""Everything a student never receives: hidden checks, the boundary, grading."""

import os
import shutil
import sys
import warnings

# nbgrader calls `alembic` by name when it makes a gradebook; it lies beside this interpreter, which
# is on the PATH only where the environment was activated.
if shutil.which("alembic") is None:
    os.environ["PATH"] = os.pathsep.join(
        [os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]
    )

# nbgrader 0.9 on SQLAlchemy 2 warns about its own relationships at every submission.
warnings.filterwarnings("ignore", message="Object of type <Submitted")
# Submissions come from many editors; nbformat reads these all the same.
warnings.filterwarnings("ignore", message="Cell is missing an id field|Non-unique cell id")
