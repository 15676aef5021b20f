"""Gradescope: `results.json` of a submission, and the zip of an autograder that writes it.

Gradescope imports no scores: it takes what an autograder writes in a container of its own. There are
two zips to upload. One grades there (`--to gradescope-zip`), which needs namespaces that Gradescope's
containers rarely have. The other one (`--to gradescope`) runs no student's code: it gives each
student the results that were graded here, and works in any container.

A submission that could not be graded gets no `results.json`: Gradescope then reports that the
autograder failed, which is true, and records no score.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from traitlets import Enum

import autograder
from autograder import files
from autograder.checking import hidden
from autograder.course import Course
from autograder.errors import UserError
from autograder.exports import text
from autograder.exports.plugin import Exporter, Written, write_results
from autograder.gradebook.records import Record

VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")


def results(record: Record, visibility: str = "visible") -> dict | None:
    """The content of `results/results.json`; None for a submission without a score.

    One test per hidden check if they are known, otherwise one per exercise. The top-level score
    counts: it includes manual points and the late penalty.
    """
    if record.score is None:
        return None
    tests = []
    for number, exercise in enumerate(record.exercises, start=1):
        checks = [c for c in record.checks if c.exercise == exercise.name]
        for place, check in enumerate(checks, start=1):
            tests.append(
                _test(f"{number}.{place}", f"{exercise.name}: {check.title}", check.points,
                      check.max_points, check.message, visibility)
            )  # fmt: skip
        if not checks:
            said = "still to be graded by a person" if exercise.needs_manual else ""
            tests.append(
                _test(
                    f"{number}", exercise.name, exercise.score, exercise.max_score, said, visibility
                )
            )
    return {
        "score": record.score,
        "execution_time": round(record.seconds or 0),
        "output": "\n".join([*text.remarks(record), *text.comments(record)]),
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "extra_data": {
            "status": record.status,
            "flags": list(record.flags),
            "isolation": record.isolation,
        },
        "tests": tests,
    }


def _test(number, name, score, max_score, output, visibility) -> dict:
    test = {"number": number, "name": name, "max_score": max_score, "visibility": visibility}
    if output:
        test["output"] = output
    # A written answer that waits for a person has neither points nor a colour yet.
    if score is not None:
        test |= {"score": score, "status": "passed" if score >= max_score else "failed"}
    return test


class GradescopeExporter(Exporter):
    """`nbgrader export --exporter=autograder.exports.gradescope.GradescopeExporter`."""

    visibility = Enum(VISIBILITIES, "visible", help="When students see the tests.").tag(config=True)
    default_output = "gradescope"
    folder = True
    flags_beside = True

    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        def content(record: Record) -> dict | None:
            return results(record, self.visibility)

        written = write_results(output, classes, content)
        for assignment, records in classes.items():
            zipped = given_zip(self.course, [(r, c) for r in records if (c := content(r))])
            written.files.insert(0, files.write(output / f"{assignment}.zip", zipped))
        written.notes.append(
            "upload the zip file as the assignment's autograder, then choose Regrade All "
            "Submissions; it holds everybody's results: share it with nobody"
        )
        return written


def given_zip(course: Course, graded: list[tuple[Record, dict]]) -> bytes:
    """The zip file of an autograder that hands out these results and runs nothing."""
    entries = [
        {
            "ids": [i for i in (record.student, record.email, record.lms_user_id) if i],
            "name": record.name,
            "notebooks": _notebooks(
                course.folder("submitted") / record.student / record.assignment
            ),
            "results": content,
        }
        for record, content in graded
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        files.add_to_zip(archive, "setup.sh", GIVEN_SETUP, executable=True)
        run = Path(__file__).with_name("gradescope_given.py").read_text(encoding="utf-8")
        files.add_to_zip(archive, "run_autograder", run, executable=True)
        text = json.dumps(entries, indent=1, ensure_ascii=False)
        files.add_to_zip(archive, "given.json", text)
    return out.getvalue()


def _notebooks(folder: Path) -> list[str]:
    """Hashes of the notebooks that were handed in."""
    paths = sorted(path for path in folder.rglob("*.ipynb") if path.is_file())
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


GIVEN_SETUP = """\
#!/usr/bin/env bash
set -euo pipefail
command -v python3 || { apt-get update && apt-get install -y --no-install-recommends python3; }
"""

SETUP = """\
#!/usr/bin/env bash
# Runs once, when Gradescope builds the image (Ubuntu 22.04 or later).
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv python3-pip util-linux
python3 -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or later is needed"' || {
    apt-get install -y software-properties-common
    add-apt-repository -y ppa:deadsnakes/ppa
    apt-get install -y python3.11 python3.11-venv
}
python=$(command -v python3.11 || command -v python3)
"$python" -m venv /opt/autograder
INSTALL
# Students' code must not read the checks: run_autograder runs as root, the rest is closed.
chmod -R go-rwx /autograder/source
"""

RUN = """\
#!/usr/bin/env bash
# Runs for each submission. Without results/results.json Gradescope reports a failed autograder.
set -euo pipefail
export PATH=/opt/autograder/bin:$PATH MPLBACKEND=Agg OMP_NUM_THREADS=1
cd /autograder/source/course
exec /opt/autograder/bin/python -m autograder.exports.gradescope_run ASSIGNMENT \\
    /autograder/submission /autograder/results/results.json \\
    --metadata /autograder/submission_metadata.json
"""


# With the versions that are installed here, so that scores there are those from here.
PIP = "/opt/autograder/bin/pip install --no-cache-dir -c /autograder/source/constraints.txt"
COURSE = "/autograder/source/course"
# The name under which this package is installed.
PACKAGE = "course-autograder"
# The build for CPUs, which pip prefers as `2.9+cpu` is more than `2.9`: Gradescope has no GPU.
TORCH = "torch torchvision --extra-index-url https://download.pytorch.org/whl/cpu"


def autograder_zip(course: Course, assignment: str) -> bytes:
    """The zip file to upload as Gradescope's autograder; the same course gives the same bytes.

    Raises
    ------
    UserError
        If the constants differ from student to student.
    """
    if assignment in course.variants:
        raise UserError(
            f"expected an assignment that is the same for everybody, but c.Judge.variants names "
            f"{assignment}, and nobody says there who a student is here: grade here and export "
            "with `--to gradescope`"
        )
    content: dict[str, str | bytes] = {"engine/pyproject.toml": _engine_project()}
    engine = Path(autograder.__file__).parent
    content["constraints.txt"] = _constraints()
    content |= {
        f"engine/autograder/{path}": data
        for path, data in files.read_folder(engine).items()
        # A course of its own, for `autograder new`.
        if not path.startswith("authoring/template/")
    }
    wanted = [TORCH] if "torch" in course.preload else []
    requirements = course.notebooks / "requirements.txt"
    if requirements.is_file():
        content["course/notebooks/requirements.txt"] = requirements.read_bytes()
        wanted.append(f"-r {COURSE}/notebooks/requirements.txt")
    if (course.root / "helpers" / "pyproject.toml").is_file():
        wanted.append(f"{COURSE}/helpers")
        for path, data in files.read_folder(course.root / "helpers").items():
            content[f"course/helpers/{path}"] = data
    wanted.append("-e /autograder/source/engine")
    content["course/nbgrader_config.py"] = (course.root / "nbgrader_config.py").read_bytes()
    for path, data in hidden.read(course.hidden, assignment).items():
        content[f"course/hidden/{path}"] = data
    # Only its name is needed.
    content[f"course/notebooks/{assignment}.py"] = ""
    source = course.source_notebook(assignment)
    content[f"course/source/{assignment}/{source.name}"] = source.read_bytes()
    # The challenges' seeds depend on it: regrading in another container gives the same score.
    content["course/.autograder/secret"] = course.secret
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        setup = SETUP.replace("INSTALL", "\n".join(f"{PIP} {what}" for what in wanted))
        files.add_to_zip(archive, "setup.sh", setup, executable=True)
        run = RUN.replace("ASSIGNMENT", assignment)
        files.add_to_zip(archive, "run_autograder", run, executable=True)
        for path in sorted(content):
            files.add_to_zip(archive, path, content[path])
    return out.getvalue()


def _constraints() -> str:
    """The version of every package that is installed here from an index, one to a line."""
    versions = {
        # The part after + names a build, such as +cpu, which only its own index has.
        re.sub("[-_.]+", "-", d.name).lower(): d.version.partition("+")[0]
        for d in metadata.distributions()
        if not d.read_text("direct_url.json")
    }
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))


def _engine_project() -> str:
    """A `pyproject.toml` that installs this package with what it needs, from what is installed."""
    installed = metadata.distribution(PACKAGE)
    group = "jupyter_client.kernel_provisioners"
    provisioners = installed.entry_points.select(group=group)
    needs = [need for need in installed.requires or [] if "extra ==" not in need]
    return "\n".join(
        [
            "[project]",
            f"name = {json.dumps(PACKAGE)}",
            f"version = {json.dumps(installed.version)}",
            f"dependencies = {json.dumps(sorted(needs))}",
            f'[project.entry-points."{group}"]',
            *(f"{p.name} = {json.dumps(p.value)}" for p in sorted(provisioners)),
            "[build-system]",
            'requires = ["setuptools>=77"]',
            'build-backend = "setuptools.build_meta"',
            "[tool.setuptools.packages.find]",
            'include = ["autograder*"]',
            "",
        ]
    )


class GradescopeZipExporter(Exporter):
    """`nbgrader export --exporter=autograder.exports.gradescope.GradescopeZipExporter`."""

    default_output = "gradescope-autograder.zip"

    def run(self, course, assignments, gradebook=None) -> Written:
        if len(assignments) != 1:
            raise UserError(f"expected one assignment, got {', '.join(assignments) or 'none'}")
        output = self.expect_output()
        content = autograder_zip(course, course.expect_assignment(assignments[0]))
        return Written(
            [files.write(output, content)],
            ["the zip file contains the hidden checks and the course's secret: share it with nobody, "
             "and after uploading it try it on Gradescope with a submission of your own"],
        )  # fmt: skip

    def write(self, classes, output):
        raise NotImplementedError("an autograder has no records")
