"""nbgrader for this course: stock, except that the judge replaces the step that runs hidden tests."""

import os
from importlib.util import find_spec

from autograder.settings import use_autograder

c = get_config()  # noqa: F821
use_autograder(c)

c.CourseDirectory.course_id = "mlp"

# Seconds: one cell, and everything a submission runs.
c.Judge.timeout = 120
c.Judge.submission_timeout = 600

# What a submission may use, in sealed kernels; see autograder/kernel/limits.py for all of them.
c.Judge.limits = {"memory_bytes": 4 << 30, "disk_bytes": 1 << 30, "processes": 256}

# What the notebooks import. torch's compiler would cost seconds at the first optimizer.
c.Judge.preload = """
torch torch.optim torch.utils.data torch._dynamo torchvision torchvision.transforms.v2
matplotlib.pyplot matplotlib.backends.backend_agg seaborn ipywidgets tqdm.auto
PIL.BmpImagePlugin PIL.GifImagePlugin PIL.JpegImagePlugin PIL.PngImagePlugin PIL.PpmImagePlugin
""".split()

# Where the helpers look for images, and which images they take.
c.Judge.environment = {
    "MLP_COURSE_DATA": "{data}",
    "MLP_COURSE_DATASET": os.environ.get("MLP_COURSE_DATASET", ""),
}

# Modules of the course's own that students' code imports; a change of theirs grades anew.
for provisioner in (c.SealedProvisioner, c.BubblewrapProvisioner):
    provisioner.visible = list(find_spec("helpers").submodule_search_locations)

# Assignments in which each student gets other constants, see docs/variants.md.
# c.Judge.variants = ["03_optimizers"]

# `autograder demo` grades a made-up class of this assignment.
c.Course.demo = "03_optimizers"

# Where the course is public: releases then lead to Colab and Kaggle, and install the helpers there.
# c.Course.repository = "https://github.com/OWNER/NAME/tree/v1.0"
