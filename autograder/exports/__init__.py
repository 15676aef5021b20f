"""Grades for other platforms: nbgrader export plugins, one small module each.

An ungraded submission is blank and flagged, never 0.
"""

import importlib
from pathlib import Path

from autograder.errors import UserError

PLATFORMS = {
    "canvas": "canvas.CanvasExporter",
    "csv": "plain.PlainExporter",
    "gradescope": "gradescope.GradescopeExporter",
    "gradescope-zip": "gradescope.GradescopeZipExporter",
    "moodle": "moodle.MoodleWorksheetExporter",
    "moodle-gradebook": "moodle.MoodleGradebookExporter",
    "prairielearn": "prairielearn.PrairieLearnExporter",
}


def export(
    course,
    assignment: str,
    platform: str,
    output: Path | None = None,
    results: Path | None = None,
    template: Path | None = None,
    **options,
):
    """Write the grades of one assignment for a platform; returns the files and remarks.

    Parameters
    ----------
    platform
        One of `PLATFORMS`.
    results
        The file of the last `autograder grade … --results FILE`, for statuses and messages.
    template
        The file downloaded from the platform: Moodle's grading worksheet, Canvas' gradebook.
    options
        Further traits of the exporter, such as `scale=True`.

    Raises
    ------
    UserError
        If the platform is unknown or there is nothing to export.
    """
    if platform not in PLATFORMS:
        raise UserError(f"expected --to {'|'.join(PLATFORMS)}, got {platform!r}")
    module, _, name = PLATFORMS[platform].partition(".")
    exporter = getattr(importlib.import_module(f"autograder.exports.{module}"), name)
    unknown = sorted(set(options) - set(exporter.class_trait_names(config=True)))
    if unknown:
        raise UserError(f"--to {platform} has no option {', '.join(unknown)}")
    given = {"to": output, "results": results, "template": template}
    plugin = exporter(**options, **{k: str(v) for k, v in given.items() if v is not None})
    return plugin.run(course, [assignment])
