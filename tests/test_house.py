"""Who may import whom, where import-linter cannot look: in `hidden/` and `helpers/`."""

import ast
import re
from pathlib import Path

import pytest
from conftest import ROOT

# What hidden checks may know of the engine.
VOCABULARY = {"autograder.checking", "autograder.checking.pictures"}
# A probe's source is sent to the student's process.
SENT = sorted(
    [*ROOT.glob("hidden/*/probes.py")]
    + [ROOT / "hidden" / "shared" / f"{name}.py" for name in ("names", "networks", "traces")]
)
HIDDEN = sorted(ROOT.glob("hidden/**/*.py"))
HELPERS = sorted(ROOT.glob("helpers/**/*.py"))


def imports(path: Path) -> list[str]:
    """The modules that a file imports; relative ones begin with dots."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append("." * node.level + (node.module or ""))
    return found


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", HIDDEN, ids=ids)
def test_hidden_code_imports_the_vocabulary_its_own_folder_and_what_is_shared(path):
    for name in imports(path):
        if name.partition(".")[0] == "autograder":
            assert name in VOCABULARY, f"{ids(path)} imports {name}"
        if name.startswith(".."):
            depth = len(path.relative_to(ROOT / "hidden").parts)
            inside = name.startswith("." * depth) and not name.startswith("." * (depth + 1))
            own = not name.startswith("." * depth)
            assert own or (inside and re.fullmatch(r"\.+shared(\.\w+)?", name)), ids(path)


@pytest.mark.parametrize("path", SENT, ids=ids)
def test_probes_import_nothing_that_a_students_process_lacks(path):
    for name in imports(path):
        assert name.partition(".")[0] not in ("autograder", "helpers"), f"{ids(path)}: {name}"
        assert not name.startswith(".") or re.fullmatch(r"\.{1,2}(shared\.)?\w+", name), ids(path)


@pytest.mark.parametrize("path", HELPERS, ids=ids)
def test_helpers_import_nothing_of_the_engine(path):
    assert not [
        name for name in imports(path) if name.partition(".")[0] in ("autograder", "hidden")
    ]


def test_the_engine_names_no_assignment_of_this_course():
    words = "|".join([p.stem for p in ROOT.glob("notebooks/*.py")] + [
        r"0[1-5]_[a-z]", "mnist", "cifar", "sgdmomentum", "mlp_basics", "deep_vs_wide", "spiral",
        "xavier",
    ])  # fmt: skip
    for path in ROOT.glob("autograder/**/*.py"):
        if "template" not in path.parts:
            found = re.search(words, path.read_text(encoding="utf-8"), re.IGNORECASE)
            assert not found, f"{ids(path)} names {found.group(0)}"


def test_no_folder_of_the_engine_holds_more_than_a_dozen_modules():
    for folder in [ROOT / "autograder", *ROOT.glob("autograder/**/")]:
        assert len(list(folder.glob("*.py"))) <= 13, ids(folder)
