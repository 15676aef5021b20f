"""nbgrader for this course: stock, except that the judge replaces the step that runs hidden tests."""

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    DeduplicateIds,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from autograder.judge import Judge
from autograder.repair import Repair

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "mlp"

c.Autograde.sanitize_preprocessors = [
    Repair,
    DeduplicateIds,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    Judge,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]

# Seconds: one cell, and everything a submission runs.
c.Judge.timeout = 120
c.Judge.submission_timeout = 600

# What a submission may use, in sealed kernels; see autograder/kernel/limits.py for all of them.
c.Judge.limits = {"memory_bytes": 4 << 30, "disk_bytes": 1 << 30, "processes": 256}

# Zips of Moodle and Canvas: who handed in what. `autograder collect` uses the same two.
c.ZipCollectApp.extractor_plugin = "autograder.collect.LmsExtractor"
c.ZipCollectApp.collector_plugin = "autograder.collect.LmsCollector"

# Feedback and formgrader show what students wrote and printed: only what is known to be harmless.
c.HTMLExporter.preprocessors = ["autograder.safe_html.SafeNotebook"]
c.HTMLExporter.filters = {
    "clean_html": "autograder.safe_html.clean",
    "markdown2html": "autograder.safe_html.markdown_to_html",
}
c.HTMLExporter.sanitize_html = True
