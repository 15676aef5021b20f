"""What Moodle and Canvas hand out goes in; nothing is lost and nothing gets out."""

import io
import json
import stat
import struct
import zipfile
import zlib

import pytest
from nbgrader.api import Gradebook

from autograder import zips as archives
from autograder.errors import UserError
from autograder.lms import collect as collecting
from autograder.lms.roster import read_roster, slug
from autograder.submission import collected

A = "99_tiny"
DAY = (2025, 3, 1, 10, 0, 0)
NEXT_DAY = (2025, 3, 2, 10, 0, 0)


@pytest.fixture(scope="session")
def empty_gradebook(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    Gradebook(f"sqlite:///{path}", "mlp").close()
    return path.read_bytes()


@pytest.fixture(autouse=True)
def with_gradebook(course, empty_gradebook):
    """nbgrader starts a process for each gradebook it makes."""
    (course.root / "gradebook.db").write_bytes(empty_gradebook)


def entry(name: str, when=DAY) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, when)


def make_zip(path, files: dict, when=DAY):
    """A zip file of names (or ZipInfos) and contents."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            info = name if isinstance(name, zipfile.ZipInfo) else entry(name, when)
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, content)
    return path


def zipped(files: dict) -> bytes:
    out = io.BytesIO()
    make_zip(out, files)
    return out.getvalue()


@pytest.fixture
def collect(course, tmp_path):
    """Collect a zip of these files."""

    def run(files, when=DAY, **options):
        path = make_zip(tmp_path / "submissions.zip", files, when)
        return collecting.collect(course, A, path, **options)

    return run


def handed_in(course) -> dict[str, str]:
    """All files in `submitted/` with their contents."""
    root = course.folder("submitted")
    return {
        str(p.relative_to(root)): p.read_text("utf-8", "replace")
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def accounted(report) -> set[str]:
    placed = {name for p in report.placed for name in p.files}
    return placed | report.left_out.keys() | set(report.ignored)


MOODLE = {
    f"Jörg Müller_501_assignsubmission_file_/{A}.ipynb": "joerg",
    "Jörg Müller_501_assignsubmission_onlinetext_/onlinetext.html": "hello",
    f"Anne-Marie O'Neil_502_assignsubmission_file_/deep/er/{A}.ipynb": "anne",
    "Anne-Marie O'Neil_502_assignsubmission_file_/data/my table.csv": "1,2",
    f"Ana María de la Cruz_503_assignsubmission_file/{A} (1).ipynb": "ana",
    f"王小明_504_assignsubmission_file_{A}.ipynb": "wang",
    f"Bob_505_assignsubmission_file_/{A}-Copy1.ipynb": "bob, copied",
    f"Bob_505_assignsubmission_file_/{A}.ipynb": "bob",
    "Eve_506_assignsubmission_file_/solution.ipynb": "eve",
    "Ned_507_assignsubmission_file_/report.pdf": "no notebook",
    "__MACOSX/._x": "",
    "grades.csv": "of the teacher",
}


def test_a_zip_of_moodle(course, collect):
    report = collect(MOODLE)
    assert handed_in(course) == {
        f"ana-maria-de-la-cruz/{A}/{A}.ipynb": "ana",
        f"anne-marie-oneil/{A}/{A}.ipynb": "anne",
        f"anne-marie-oneil/{A}/data/my table.csv": "1,2",
        f"bob/{A}/{A}-Copy1.ipynb": "bob, copied",
        f"bob/{A}/{A}.ipynb": "bob",
        f"eve/{A}/solution.ipynb": "eve",
        f"joerg-mueller/{A}/{A}.ipynb": "joerg",
        f"ned/{A}/report.pdf": "no notebook",
        f"王小明/{A}/{A}.ipynb": "wang",
    }
    assert accounted(report) == MOODLE.keys()
    assert report.left_out == {
        "Jörg Müller_501_assignsubmission_onlinetext_/onlinetext.html":
            "text typed into Moodle (onlinetext), not a handed-in file",
        "grades.csv": "named neither as Moodle nor as Canvas names submissions",
    }  # fmt: skip
    assert report.ignored == ["__MACOSX/._x"]
    notes = {p.student: p.notes for p in report.placed if p.notes}
    assert notes == {"ned": [f"expected {A}.ipynb, found no notebook"]}
    assert report.needs_attention
    assert collected.lms_ids(course, A)["502"] == "anne-marie-oneil"
    with Gradebook(course.db_url, course.course_id) as gradebook:
        joerg = gradebook.find_student("joerg-mueller")
        assert (joerg.first_name, joerg.last_name) == ("Jörg", "Müller")
        # Moodle's numbers are of one assignment only.
        assert joerg.lms_user_id is None


CANVAS = {
    f"müllerjörg_LATE_12345_901_{A}.ipynb": "joerg",
    f"oneilannemarie_222_903_{A}-1.ipynb": "anne, again",
    f"oneilannemarie_222_902_{A}.ipynb": "anne",
    "oneilannemarie_222_904_table.csv": "1,2",
    f"spaethzoe_late_333_905_{A}-2.ipynb": "zoe",
    f"anon_a1B2c_906_{A}.ipynb": "nobody knows",
    "bob_444_text.html": "typed",
}


def test_a_zip_of_canvas(course, collect):
    report = collect(CANVAS)
    assert handed_in(course) == {
        f"12345/{A}/{A}.ipynb": "joerg",
        # The newest file counts, and the older one stays beside it.
        f"222/{A}/{A}.ipynb": "anne, again",
        f"222/{A}/older {A}.ipynb": "anne",
        f"222/{A}/table.csv": "1,2",
        f"333/{A}/{A}.ipynb": "zoe",
        f"a1B2c/{A}/{A}.ipynb": "nobody knows",
    }
    assert accounted(report) == CANVAS.keys()
    assert report.left_out == {
        "bob_444_text.html": "text or a link typed into Canvas, not a handed-in file"
    }
    assert collected.late_students(course, A) == {"12345", "333"}
    with Gradebook(course.db_url, course.course_id) as gradebook:
        assert gradebook.find_student("12345").lms_user_id == "12345"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jörg Müller", "joerg-mueller"), ("Anne O'Neil", "anne-oneil"), ("Zoë  Späth", "zoe-spaeth"),
        ("Łukasz Ørsted", "lukasz-orsted"), ("Jo\u0308rg", "joerg"), ("王小明", "王小明"),
        ("../../etc", "etc"), (".hidden", "hidden"), ("=cmd|x", "cmd-x"), ("...", ""),
    ],
)  # fmt: skip
def test_names_become_ids(name, expected):
    assert slug(name) == expected


def raw_name(name: bytes, content: str, extra: bytes = b"") -> bytes:
    """A zip with one name in these bytes, not marked as UTF-8."""
    held = b"x" * len(name)
    info = entry(held.decode())
    info.extra = extra
    return zipped({info: content}).replace(held, name)


@pytest.mark.parametrize(
    ("raw", "extra"),
    [
        ("Jörg Müller_501_assignsubmission_file_/n.ipynb".encode(), b""),
        ("Jörg Müller_501_assignsubmission_file_/n.ipynb".encode("cp437"), b""),
        ("Jo\u0308rg Mu\u0308ller_501_assignsubmission_file_/n.ipynb".encode(), b""),
        (b"J?rg M?ller_501_assignsubmission_file_/n.ipynb", "Jörg Müller"),
    ],
)
def test_names_in_any_encoding(course, tmp_path, raw, extra):
    if extra:
        told = raw.replace(b"J?rg M?ller", extra.encode())
        extra = struct.pack("<HHBI", 0x7075, 5 + len(told), 1, zlib.crc32(raw)) + told
    path = tmp_path / "a.zip"
    path.write_bytes(raw_name(raw, "joerg", extra))
    collecting.collect(course, A, path)
    assert handed_in(course) == {f"joerg-mueller/{A}/n.ipynb": "joerg"}


def link(name):
    info = entry(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"../../../escaped.ipynb": ""}, "a path that leads out of the folder"),
        ({"A_1_assignsubmission_file_/../../x.ipynb": ""}, "a path that leads out of the folder"),
        ({"/etc/passwd": ""}, "a path that leads out of the folder"),
        ({"C:\\x.ipynb": ""}, "a path that leads out of the folder"),
        ({"a\\..\\..\\x.ipynb": ""}, "a path that leads out of the folder"),
        ({link(f"A_1_assignsubmission_file_/{A}.ipynb"): "/etc/passwd"}, "a symbolic link"),
    ],
)
def test_a_dangerous_archive_is_refused(course, collect, files, reason):
    with pytest.raises(UserError, match=f"was refused: .*{reason}"):
        collect({f"Good_9_assignsubmission_file_/{A}.ipynb": "", **files})
    assert not course.folder("submitted").exists()


def test_a_bomb_is_refused(course, collect, monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS_BYTES", 1 << 20)
    with pytest.raises(UserError, match="a zip bomb"):
        collect({f"A_1_assignsubmission_file_/{A}.ipynb": "0" * (4 << 20)})
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 1 << 10)
    with pytest.raises(UserError, match="too much"):
        collect({f"A_1_assignsubmission_file_/{A}.ipynb": "0" * (2 << 10)})
    monkeypatch.setattr(archives, "MAX_FILES", 1)
    with pytest.raises(UserError, match="expected at most 1"):
        collect({"a": "", "b": ""})


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06"])
def test_something_else_than_a_zip_gets_one_message(course, tmp_path, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(UserError, match="was refused: it is not a zip file"):
        collecting.collect(course, A, path)
    with pytest.raises(UserError, match="which does not exist"):
        collecting.collect(course, A, tmp_path / "missing.zip")


def test_a_damaged_file_costs_nobody_else_anything(course, tmp_path):
    good, bad = (f"{n}_assignsubmission_file_/{A}.ipynb" for n in ("Good_1", "Bad_2"))
    content = zipped({good: "good", bad: "bad content"})
    start = content.index(bad.encode()) + len(bad)
    path = tmp_path / "x.zip"
    path.write_bytes(content[:start] + b"\xff\xff\xff" + content[start + 3 :])
    report = collecting.collect(course, A, path)
    assert handed_in(course) == {f"good/{A}/{A}.ipynb": "good"}
    assert "is damaged" in report.left_out[bad]


def test_a_students_own_zip_is_unpacked(course, collect):
    inner = zipped({f"mine/{A}.ipynb": "ada", "mine/model.py": "x", "__MACOSX/._a": ""})
    report = collect({"Ada_1_assignsubmission_file_/all.zip": inner})
    # What lies beside the notebook stays beside it: checks look for files there.
    assert handed_in(course) == {f"ada/{A}/{A}.ipynb": "ada", f"ada/{A}/model.py": "x"}
    assert report.placed[0].files == {"Ada_1_assignsubmission_file_/all.zip": "all/"}


def test_a_folder_comes_along_with_its_notebook(course, collect):
    place = "Ada_1_assignsubmission_file_"
    files = {f"{A}.ipynb.txt": "ada", "net.pt": "x", "data/a.csv": "1"}
    report = collect({f"{place}/mine/{name}": text for name, text in files.items()})
    assert handed_in(course) == {f"ada/{A}/{name}": text for name, text in files.items()}
    assert report.placed[0].files[f"{place}/mine/data/a.csv"] == "data/a.csv"
    assert not report.needs_attention


def test_a_students_dangerous_zip_stays_as_it_is(course, collect):
    report = collect(
        {
            "Ada_1_assignsubmission_file_/all.zip": zipped({"../../../../x.ipynb": "out"}),
            "Bob_2_assignsubmission_file_/broken.zip": "no zip",
            f"Bob_2_assignsubmission_file_/{A}.ipynb": "bob",
        }
    )
    assert handed_in(course).keys() == {
        f"ada/{A}/all.zip", f"bob/{A}/broken.zip", f"bob/{A}/{A}.ipynb"
    }  # fmt: skip
    notes = {p.student: p.notes for p in report.placed}
    assert (
        "not unpacked: '../../../../x.ipynb' is a path that leads out of the folder"
        in notes["ada"][0]
    )
    assert "broken.zip was handed in and not unpacked" in notes["bob"][0]
    assert not list(course.root.rglob("x.ipynb"))


def shrunk(files, method=zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_a_bomb_in_a_zip_in_a_zip_stays_packed(course, tmp_path, monkeypatch):
    """170 kB became 295 MB: each of the two archives alone shrank to no less than a 200th."""
    monkeypatch.setattr(archives, "HARMLESS_BYTES", 1 << 20)
    rows = bytes(range(256)) * 5
    inner = shrunk({f"{n}": rows * 64 for n in range(100)})
    outer = shrunk({f"Ada_1_assignsubmission_file_/{n}.zip": inner for n in range(2)})
    unpacked = 2 * 100 * 64 * len(rows)
    assert unpacked > archives.MAX_RATIO * len(outer)
    assert 100 * 64 * len(rows) < archives.MAX_RATIO * len(inner)
    path = tmp_path / "x.zip"
    path.write_bytes(outer)
    report = collecting.collect(course, A, path)
    assert handed_in(course).keys() == {f"ada/{A}/0.zip", f"ada/{A}/1.zip"}
    assert "a zip bomb" in report.placed[0].notes[0]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_ways_of_packing_are_refused(course, tmp_path, method):
    """The decoder of one of them takes the memory that the file asks for: up to four gigabytes."""
    name = f"Ada_1_assignsubmission_file_/{A}.ipynb"
    path = tmp_path / "x.zip"
    path.write_bytes(shrunk({name: "x"}, method))
    assert "not usual" in collecting.collect(course, A, path).left_out[name]


def test_a_list_of_files_is_measured_before_it_is_read(course, tmp_path, monkeypatch):
    path = tmp_path / "x.zip"
    path.write_bytes(shrunk({f"Ada_1_assignsubmission_file_/{n}": "" for n in range(50)}))
    with archives.zipfile.ZipFile(path) as read:
        assert archives._directory_bytes(path) == path.stat().st_size - read.start_dir - 22
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 1000)
    monkeypatch.setattr(archives.zipfile, "ZipFile", None)
    with pytest.raises(UserError, match="its list of files"):
        collecting.collect(course, A, path)


def test_a_handed_in_timestamp_is_not_believed(course, collect):
    collect(
        {
            f"Ada_1_assignsubmission_file_/{A}.ipynb": "ada",
            "Ada_1_assignsubmission_file_/timestamp.txt": "2001-01-01 00:00:00",
        }
    )
    assert f"ada/{A}/handed in timestamp.txt" in handed_in(course)
    assert f"ada/{A}/timestamp.txt" not in handed_in(course)


def test_the_same_path_twice_keeps_both_files(course, tmp_path):
    path = tmp_path / "x.zip"
    name = "Ada_1_assignsubmission_file_/table.csv"
    with zipfile.ZipFile(path, "w") as made, pytest.warns(UserWarning):
        made.writestr(name, "one")
        made.writestr(name, "two")
    collecting.collect(course, A, path)
    assert sorted(handed_in(course).values()) == ["one", "two"]


ADA = f"Ada_1_assignsubmission_file_/{A}.ipynb"


def outcome(report):
    (placed,) = report.placed
    return placed.outcome


def test_a_newer_submission_replaces_a_collected_one_and_keeps_it(course, collect):
    assert outcome(collect({ADA: "one"})) == collecting.NEW
    assert outcome(collect({ADA: "one"}, NEXT_DAY)) == collecting.UNCHANGED
    assert outcome(collect({ADA: "two"}, (2025, 3, 3, 10, 0, 0))) == collecting.REPLACED
    assert handed_in(course) == {f"ada/{A}/{A}.ipynb": "two"}
    old = course.private / "replaced" / A / "ada" / "1" / f"{A}.ipynb"
    assert old.read_text() == "one"
    # An older download changes nothing …
    report = collect({ADA: "zero"})
    assert (outcome(report), report.needs_attention) == (collecting.KEPT, True)
    assert "is newer: --force replaces it" in report.placed[0].notes[0]
    assert handed_in(course) == {f"ada/{A}/{A}.ipynb": "two"}
    # … unless it is wanted.
    assert outcome(collect({ADA: "zero"}, force=True)) == collecting.REPLACED
    assert (course.private / "replaced" / A / "ada" / "2" / f"{A}.ipynb").read_text() == "two"


def test_in_canvas_the_newer_file_has_the_higher_number(course, collect):
    collect({f"ada_7_100_{A}.ipynb": "one"}, NEXT_DAY)
    assert outcome(collect({f"ada_7_101_{A}-1.ipynb": "two"}, DAY)) == collecting.REPLACED
    assert outcome(collect({f"ada_7_99_{A}.ipynb": "zero"}, NEXT_DAY)) == collecting.KEPT


@pytest.mark.parametrize("change", ["by hand", "not collected", "a link"])
def test_what_did_not_come_from_a_collection_stays(course, collect, tmp_path, change):
    place = course.folder("submitted") / "ada" / A
    if change == "by hand":
        collect({ADA: "one"})
    else:
        place.mkdir(parents=True)
    if change == "a link":
        place.rmdir()
        place.symlink_to(tmp_path)
    else:
        (place / f"{A}.ipynb").write_text("mine")
    report = collect({ADA: "two"}, NEXT_DAY)
    assert outcome(report) == collecting.KEPT
    assert "--force replaces it" in report.placed[0].notes[0]
    collect({ADA: "two"}, NEXT_DAY, force=True)
    assert handed_in(course) == {f"ada/{A}/{A}.ipynb": "two"}
    kept = course.private / "replaced" / A / "ada" / "1"
    assert kept.is_symlink() if change == "a link" else (kept / f"{A}.ipynb").read_text() == "mine"


def test_two_students_of_one_name_are_never_mixed_up(course, collect):
    files = {f"Ada_{n}_assignsubmission_file_/{A}.ipynb": f"ada {n}" for n in (1, 2)}
    report = collect({**files, f"Bob_3_assignsubmission_file_/{A}.ipynb": "bob"})
    assert handed_in(course) == {f"bob/{A}/{A}.ipynb": "bob"}
    assert report.left_out.keys() == files.keys()
    assert "2 students would be called ada (ids 1, 2)" in report.left_out[ADA]
    # Neither one after the other.
    collect({ADA: "ada 1"})
    report = collect({f"Ada_2_assignsubmission_file_/{A}.ipynb": "ada 2"}, NEXT_DAY)
    assert outcome(report) == collecting.KEPT
    assert "pass --roster to tell them apart" in report.placed[0].notes[0]


def test_blind_marking_gives_numbers(course, collect):
    collect({f"Participant_{n}_assignsubmission_file_/{A}.ipynb": str(n) for n in (1, 2)})
    assert course.submitted_students(A) == ["participant-1", "participant-2"]


def test_a_roster_of_ones_own(course, collect, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "student_id;lms_id;name;email;timestamp\n"
        "al123;1;Ada Lovelace;ada@uni.de;2025-03-01T23:30+01:00\n"
        "al124;2;Ada Lovelace;;\n",
        encoding="utf-8-sig",
    )
    names = [f"Ada Lovelace_{n}_assignsubmission_file_/{A}.ipynb" for n in (1, 2, 3)]
    report = collect(dict.fromkeys(names, "x"), roster=roster)
    assert course.submitted_students(A) == ["al123", "al124"]
    time = course.folder("submitted") / "al123" / A / "timestamp.txt"
    assert time.read_text() == "2025-03-01 22:30:00"
    assert report.left_out == {names[2]: "Ada Lovelace (3) is not in the roster"}
    with Gradebook(course.db_url, course.course_id) as gradebook:
        assert gradebook.find_student("al123").email == "ada@uni.de"


def test_canvas_gradebook_as_a_roster(course, collect, tmp_path):
    roster = tmp_path / "export.csv"
    roster.write_text(
        'Student,ID,SIS User ID,SIS Login ID,Section,X (1)\n    Points Possible,,,,,8\n"Müller, '
        'Jörg",12345,m-7,jm@uni.de,S,\n'
    )
    collect({f"müllerjörg_LATE_12345_901_{A}.ipynb": "joerg"}, roster=roster)
    assert course.submitted_students(A) == ["jm@uni.de"]
    with Gradebook(course.db_url, course.course_id) as gradebook:
        student = gradebook.find_student("jm@uni.de")
        assert (student.last_name, student.lms_user_id) == ("Müller", "12345")


def test_moodles_worksheet_as_a_roster(course, collect, tmp_path):
    roster = tmp_path / "worksheet.csv"
    roster.write_text(
        "Identifier,Full name,Email address,Status\n"
        "Participant 1,Ada Lovelace,Ada@Uni.de,Submitted\n"
        "Participant 2,Jörg Müller,joerg@uni.de,Submitted\n"
    )
    files = {f"Ada Lovelace_1_assignsubmission_file_/{A}.ipynb": "ada"}
    # Of another assignment: the number is another student's there.
    wrong = f"Bob Bo_2_assignsubmission_file_/{A}.ipynb"
    report = collect({**files, wrong: "bob"}, roster=roster)
    assert course.submitted_students(A) == ["ada@uni.de"]
    assert "the worksheet of another assignment?" in report.left_out[wrong]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "expected a roster with columns"),
        ("", "has no rows"),
        ("student_id,lms_id\na,1\nb,1\n", "id 1 is on lines 2 and 3"),
        ("student_id,lms_id\na,1\na,2\n", "student a is on lines 2 and 3"),
        ("student_id,lms_id\n../x,1\n", "expected a student id of letters"),
        ("student_id,lms_id,timestamp\na,1,yesterday\n", "expected a time such as"),
    ],
)
def test_a_wrong_roster_gets_one_message(tmp_path, content, message):
    path = tmp_path / "roster.csv"
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        read_roster(path)


def test_stock_zip_collect_uses_the_plugins(course, tmp_path):
    from nbgrader.apps.zipcollectapp import ZipCollectApp
    from nbgrader.coursedir import CourseDirectory

    folder = course.root / "downloaded" / A / "archive"
    folder.mkdir(parents=True)
    make_zip(folder / "moodle.zip", MOODLE)
    config = course.config.copy()
    config.CourseDirectory.assignment_id = A
    config.ZipCollectApp.extractor_plugin = "autograder.lms.collect.LmsExtractor"
    config.ZipCollectApp.collector_plugin = "autograder.lms.collect.LmsCollector"
    app = ZipCollectApp(config=config)
    app.coursedir = CourseDirectory(parent=app)
    app.init_plugins()
    app.extract_archive_files()
    app.process_extracted_files()
    assert handed_in(course)[f"joerg-mueller/{A}/{A}.ipynb"] == "joerg"


def test_what_is_known_about_a_collection_is_plain_json(course, collect):
    collect(CANVAS)
    path = course.private / "collected" / f"{A}.json"
    assert json.loads(path.read_text("utf-8"))["12345"]["archive"] == "submissions.zip"


def notebook_of(*ids) -> str:
    cells = [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": i}}} for i in ids]
    return json.dumps({"cells": cells})


def with_another_assignment(course, *ids):
    (course.notebooks / "98_other.py").write_text("# %%\n1\n")
    path = course.source_notebook("98_other")
    path.parent.mkdir()
    path.write_text(notebook_of(*ids))


def moodle_files(**contents) -> dict:
    return {f"{who}_{5}{n}_assignsubmission_file_/{who}.ipynb": content
            for n, (who, content) in enumerate(contents.items())}  # fmt: skip


def test_a_zip_of_another_assignment_is_refused_and_changes_nothing(course, collect):
    with_another_assignment(course, "sort", "check_sort")
    other, mine = notebook_of("sort", "check_sort"), notebook_of("double", "check_double")
    with pytest.raises(
        UserError, match="expected submissions of 99_tiny in submissions.zip, but .* of 98_other"
    ):
        collect(moodle_files(Ada=other, Ben="broken {"))
    assert handed_in(course) == {}
    # One right notebook, or nothing that can be told: as before.
    assert len(collect(moodle_files(Ada=other, Ben=mine)).placed) == 2
    assert len(collect(moodle_files(Cem="broken {")).placed) == 1


def test_an_assignment_is_told_by_most_of_its_cells_or_by_its_name(course, collect):
    with_another_assignment(course, "double", "sort", "check_sort")
    collect(moodle_files(Ada=notebook_of("double", "check_double", "mean")))
    with pytest.raises(UserError, match="are of 98_other"):
        collect(moodle_files(Ben=notebook_of("double", "sort", "check_sort")))
    with pytest.raises(UserError, match="are of 98_other"):
        collect({"Cem_7_assignsubmission_file_/98_other.ipynb": "{}"})
