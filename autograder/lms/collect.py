"""A zip file from Moodle or Canvas goes into `submitted/STUDENT/ASSIGNMENT/`.

nbgrader's own zip_collect does the collecting, with two plugins: `LmsExtractor` unpacks with
suspicion and sorts files by student, `LmsCollector` says whose they are. It works on a separate
folder, so that `submitted/` stays untouched until everything has worked, and nothing there is lost.
"""

import copy
import hashlib
import logging
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from logging.handlers import BufferingHandler
from pathlib import Path, PurePosixPath

from nbgrader.apps.zipcollectapp import ZipCollectApp
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets import Unicode

from autograder.course import Course
from autograder.errors import UserError
from autograder.files import set_aside
from autograder.gradebook.writer import opened
from autograder.lms import names
from autograder.lms.assignments import expect_assignment
from autograder.lms.roster import Person, Roster, read_roster, slug, split_name
from autograder.submission import collected
from autograder.submission.intake import NOTEBOOK, OLDER
from autograder.zips import Archive, Member, Refused, Room

NEW, REPLACED, UNCHANGED, KEPT = "new", "replaced", "unchanged", "kept the old one"


@dataclass
class Found:
    """What an archive contains from one student."""

    person: Person
    platform: str
    lms_id: str
    name: str
    late: bool = False
    # The newest file's number in Canvas, and when the newest file was packed: higher is newer.
    attachment: int = 0
    packed: tuple[int, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class Placed:
    """What became of one student's submission; `files` maps paths in the archive to paths here."""

    student: str
    name: str
    outcome: str
    files: dict[str, str]
    notes: list[str]
    needs_attention: bool = False


@dataclass
class Report:
    """Every file in the archive is in `placed`, `left_out` (with a reason) or `ignored`."""

    placed: list[Placed]
    left_out: dict[str, str]
    ignored: list[str]

    @property
    def needs_attention(self) -> bool:
        return bool(self.left_out) or any(p.needs_attention for p in self.placed)


class LmsExtractor(ExtractorPlugin):
    """Unpacks archives of a learning platform into one folder per student.

    After `extract`, `found` holds the students by id, `left_out` and `ignored` all other files.
    """

    roster = Unicode("", help="A CSV file that names the students' ids.").tag(config=True)

    def extract(self, archive_path: str, extracted_path: str) -> None:
        self.found: dict[str, Found] = {}
        self.left_out: dict[str, str] = {}
        self.ignored: list[str] = []
        self._assignment = self.parent.coursedir.assignment_id
        roster = read_roster(Path(self.roster)) if self.roster else None
        for path in sorted(Path(archive_path).iterdir()):
            try:
                with Archive(path) as archive:
                    self._sort(archive, roster, Path(extracted_path))
            except Refused as reason:
                raise UserError(
                    f"expected a zip file of submissions from Moodle or Canvas, but {path.name} was "
                    f"refused: {reason}: download it again"
                ) from None

    def _sort(self, archive: Archive, roster: Roster | None, target: Path) -> None:
        mine: dict[tuple[str, str], list[tuple[Member, names.Origin]]] = defaultdict(list)
        for member in archive.members:
            if names.is_junk(member.path):
                self.ignored.append(str(member.path))
                continue
            origin = names.origin(member.path)
            if isinstance(origin, str):
                self.left_out[str(member.path)] = origin
            else:
                mine[origin.platform, origin.lms_id].append((member, origin))
        named: dict[str, list[tuple]] = defaultdict(list)
        for owner, files in mine.items():
            person = _person(files[0][1], roster)
            if isinstance(person, str):
                self.left_out |= {str(member.path): person for member, _ in files}
            else:
                named[person.student].append((owner, person, files))
        for student, owners in named.items():
            if len(owners) > 1:
                ids = ", ".join(lms_id for (_, lms_id), _, _ in owners)
                reason = (
                    f"{len(owners)} students would be called {student} (ids {ids}): "
                    "pass --roster to tell them apart"
                )
                for _, _, files in owners:
                    self.left_out |= {str(member.path): reason for member, _ in files}
                continue
            ((_, person, files),) = owners
            self._unpack(archive, person, files, target / student)

    def _unpack(self, archive, person, files, folder: Path) -> None:
        first = files[0][1]
        found = Found(person, first.platform, first.lms_id, first.name)
        notebooks: list[tuple[tuple, Path]] = []
        # For the student's own archives, as small as they are in this one.
        room = Room(sum(member.info.compress_size for member, _ in files))
        # Newest first, so that the newest of several files with the same name keeps its name.
        for member, origin in sorted(files, key=lambda f: (-f[1].attachment, str(f[0].path))):
            found.late |= origin.late
            found.attachment = max(found.attachment, origin.attachment)
            found.packed = max(found.packed, member.modified)
            place = _free(folder, _harmless(origin.file))
            try:
                archive.unpack(member, place)
            except Refused as reason:
                self.left_out[str(member.path)] = str(reason)
                continue
            found.files[str(member.path)] = str(place.relative_to(folder))
            unpacked = [place]
            if place.suffix.lower() == ".zip":
                unpacked = self._unpack_inner(place, folder, found, room)
            rank = (origin.attachment, -len(str(origin.file)))
            notebooks += [(rank, p) for p in unpacked if NOTEBOOK.search(p.name)]
        if not found.files:
            return
        self.found[person.student] = found
        self._choose(folder, notebooks, found)

    def _unpack_inner(self, path: Path, base: Path, found: Found, room: Room) -> list[Path]:
        """Unpack a student's own zip file into a folder beside it; if that fails, leave it packed."""
        folder = _free(path.parent, PurePosixPath(path.stem))
        places = []
        try:
            with Archive(path, room) as inner:
                for member in inner.members:
                    if not names.is_junk(member.path):
                        places.append(_free(folder, _harmless(member.path)))
                        inner.unpack(member, places[-1])
        except Refused as reason:
            shutil.rmtree(folder, ignore_errors=True)
            found.notes.append(f"{path.name} was handed in and not unpacked: {reason}")
            return [path]
        path.unlink()
        place = str(path.relative_to(base))
        for source, target in found.files.items():
            if target == place:
                found.files[source] = f"{folder.relative_to(base)}/"
        return places

    def _choose(self, folder: Path, notebooks: list[tuple[tuple, Path]], found: Found) -> None:
        """Put the assignment's notebook where nbgrader looks for it."""
        expected = folder / f"{self._assignment}.ipynb"
        right = [
            (rank, path)
            for rank, path in notebooks
            if names.is_assignment(PurePosixPath(path.relative_to(folder)), self._assignment)
        ]
        if not right and len(notebooks) == 1:
            right, expected = notebooks, folder / notebooks[0][1].name
        if not right:
            others = ", ".join(sorted(path.name for _, path in notebooks)) or "no notebook"
            found.notes.append(f"expected {expected.name}, found {others}")
            return
        chosen = max(right, key=lambda item: (item[0], str(item[1])))[1]
        if chosen != expected:
            aside = _free(folder, PurePosixPath(OLDER + expected.name))
            self._move(expected, aside, found, folder)
            self._move(chosen, expected, found, folder)
            # What lies beside it, such as a trained network, is looked for beside it.
            for beside in sorted(chosen.parent.iterdir()):
                if not os.path.lexists(folder / beside.name):
                    self._move(beside, folder / beside.name, found, folder)

    def _move(self, path: Path, target: Path, found: Found, folder: Path) -> None:
        if not path.exists():
            return
        path.rename(target)
        old, new = str(path.relative_to(folder)), str(target.relative_to(folder))
        for source, place in found.files.items():
            if place == old or place.startswith(f"{old}{os.sep}"):
                found.files[source] = new + place.removeprefix(old)


class LmsCollector(FileNameCollectorPlugin):
    """Says whose file it is: `LmsExtractor` has put it in the student's folder."""

    def collect(self, submitted_file: str) -> dict | None:
        extracted = self.parent._format_collect_path(self.parent.extracted_directory)
        student, *rest = Path(submitted_file).relative_to(extracted).parts
        found = self.parent.extractor_plugin_inst.found.get(student)
        if found is None or not rest:
            return None
        info = {"student_id": student, "file_id": os.path.join(*rest)}
        if found.person.timestamp is not None:
            info["timestamp"] = found.person.timestamp.isoformat(" ")
        return info


def _person(origin: names.Origin, roster: Roster | None) -> Person | str:
    """The student, or why the student cannot be identified."""
    if roster is not None:
        person = roster.find(origin.lms_id, origin.name)
        if person is None:
            return f"{origin.name or origin.lms_id} ({origin.lms_id}) is not in the roster"
        moodle = origin.platform == "moodle" and slug(origin.name) not in names.BLIND
        if moodle and person.name and slug(person.name) != slug(origin.name):
            return (
                f"{origin.lms_id} is {origin.name} here and {person.name} in the roster: "
                "is it the worksheet of another assignment?"
            )
        return person
    if origin.platform == "canvas":
        return Person(origin.lms_id, last_name=origin.name)
    name = slug(origin.name)
    if not name or name in names.BLIND:
        return Person(f"participant-{origin.lms_id}")
    return Person(name, *split_name(origin.name))


def _harmless(file: PurePosixPath) -> PurePosixPath:
    """The file's path, unless nbgrader would take it for the time of the submission."""
    if file.name.casefold() == "timestamp.txt":
        return file.with_name("handed in timestamp.txt")
    return file


def _free(folder: Path, file: PurePosixPath) -> Path:
    """A path for `file` in `folder` that is not taken yet."""
    place, count = folder / file, 1
    while os.path.lexists(place):
        count += 1
        place = (folder / file).with_name(f"{file.stem} ({count}){file.suffix}")
    return place


def collect(
    course: Course,
    assignment: str,
    archive: Path,
    roster: Path | None = None,
    force: bool = False,
) -> Report:
    """Put the submissions of an archive into `submitted/`.

    A submission that is already there is replaced by a newer one if it was collected in the same
    way; if its origin is unknown, or it has been changed by hand since, only with `force`. The old
    one moves to `.autograder/replaced/`.

    Raises
    ------
    UserError
        If the archive or the roster cannot be read, is refused as dangerous, or is of another
        assignment.
    """
    if not archive.is_file():
        raise UserError(f"expected the zip file {archive}, which does not exist")
    course.private.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=course.private, prefix="collect-") as scratch:
        extractor = _zip_collect(course, assignment, archive, roster, Path(scratch))
        staged = Path(scratch) / "submitted"
        expect_assignment(course, assignment, staged, archive.name)
        placed = _place_all(course, assignment, extractor.found, staged, archive.name, force)
    _enter_names(course, extractor.found)
    return Report(placed, extractor.left_out, extractor.ignored)


def _zip_collect(course, assignment, archive: Path, roster, scratch: Path) -> LmsExtractor:
    """Run nbgrader's zip_collect in a separate folder."""
    folder = scratch / "downloaded" / assignment / "archive"
    folder.mkdir(parents=True)
    try:
        (folder / archive.name).symlink_to(archive.resolve())
    except OSError:
        # Windows lets few people make links.
        shutil.copyfile(archive, folder / archive.name)
    release = course.folder("release") / assignment
    if release.is_dir():
        shutil.copytree(release, scratch / "release" / assignment)
    config = copy.deepcopy(course.config)
    config.CourseDirectory.root = str(scratch)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.submitted_directory = "submitted"
    config.CourseDirectory.release_directory = "release"
    config.ZipCollectApp.extractor_plugin = LmsExtractor
    config.ZipCollectApp.collector_plugin = LmsCollector
    config.LmsExtractor.roster = str(roster.resolve()) if roster else ""
    errors = BufferingHandler(sys.maxsize)
    errors.setLevel(logging.ERROR)
    log = logging.Logger("autograder.collect")
    log.addHandler(errors)
    app = ZipCollectApp(config=config, log=log)
    app.coursedir = CourseDirectory(parent=app)
    app.init_plugins()
    try:
        app.extract_archive_files()
        app.process_extracted_files()
    except SystemExit:
        reason = errors.buffer[-1].getMessage() if errors.buffer else "no reason given"
        raise UserError(f"nbgrader could not collect {archive}: {reason}") from None
    return app.extractor_plugin_inst


def _place_all(course, assignment, found: dict[str, Found], staged, archive, force) -> list[Placed]:
    known = collected.read(course, assignment)
    placed = []
    for student, submission in sorted(found.items()):
        target = course.folder("submitted") / student / assignment
        before = known.get(student)
        source = staged / student / assignment
        digest = _digest(source)
        outcome, reason = _decide(submission, digest, target, before, force)
        notes = submission.notes + ([reason] if reason else [])
        if outcome in (NEW, REPLACED):
            if outcome == REPLACED:
                aside = course.private / "replaced" / assignment / student
                notes.append(f"the old one is in {set_aside(target, aside)}")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
        if outcome != KEPT:
            known[student] = {
                "platform": submission.platform, "lms_id": submission.lms_id,
                "name": submission.name, "late": submission.late,
                "attachment": submission.attachment, "packed": submission.packed,
                "digest": digest, "archive": archive,
            }  # fmt: skip
            # After each student, so that every submission in `submitted/` has its record.
            collected.write(course, assignment, known)
        trouble = outcome == KEPT or bool(submission.notes)
        placed.append(Placed(student, submission.name, outcome, submission.files, notes, trouble))
    return placed


def _decide(
    submission: Found, digest: str, target: Path, before: dict | None, force: bool
) -> tuple[str, str]:
    """What to do with a submission, and the reason if an instructor has to look at it."""
    if not os.path.lexists(target):
        return NEW, ""
    if not target.is_symlink() and _digest(target) == digest:
        return UNCHANGED, ""
    if force:
        return REPLACED, ""
    if before is None or target.is_symlink() or _digest(target) != before["digest"]:
        return KEPT, (
            f"{target} was not put there by this command, or was changed since: --force replaces it"
        )
    if (before["platform"], before["lms_id"]) != (submission.platform, submission.lms_id):
        return KEPT, (
            f"the one there is from {before['name']} ({before['platform']} {before['lms_id']}), this "
            f"one from {submission.lms_id}: pass --roster to tell them apart"
        )
    then = (before["attachment"], tuple(before["packed"]))
    if (submission.attachment, submission.packed) <= then:
        return KEPT, "the one there is newer: --force replaces it"
    return REPLACED, ""


def _digest(folder: Path) -> str:
    """A hash of the names and contents of all files; for links, of their targets."""
    total = hashlib.sha256()
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(root, name)
            total.update(os.fsencode(path.relative_to(folder)) + b"\0")
            content = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
            total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def _enter_names(course: Course, found: dict[str, Found]) -> None:
    """Enter the students' names in the gradebook; what is already there stays unchanged."""
    with opened(course) as gradebook:
        known = {s.id: s for s in gradebook.students}
        for student, submission in found.items():
            person = submission.person
            learnt = {
                "first_name": person.first_name, "last_name": person.last_name,
                "email": person.email,
                # Moodle's numbers are valid in one assignment only.
                "lms_user_id": submission.lms_id if submission.platform == "canvas" else "",
            }  # fmt: skip
            old = known.get(student)
            fresh = {k: v for k, v in learnt.items() if v and not (old and getattr(old, k))}
            if old is None or fresh:
                gradebook.update_or_create_student(student, **fresh)
