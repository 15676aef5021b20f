"""The replacement for one step of `nbgrader autograde`: run a submission and judge it.

Students' cells run in a kernel, as in stock nbgrader. A check cell is not run: its hidden checks
judge in this process, and the cell gets a readable table and a float as its outputs.
"""

import asyncio
import contextlib
import difflib
import itertools
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
from jupyter_core.utils import run_sync
from nbclient.client import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Bool, Dict, Float, Integer, List, TraitError, Unicode

from autograder.checking import hidden
from autograder.checking.check import challenge_seed, run_checks
from autograder.checking.diagnosis import Recorder, diagnose
from autograder.checking.reference import read_reference
from autograder.checking.student import KernelDied, StudentError
from autograder.course import Course
from autograder.errors import UserError
from autograder.feedback import cells, figures, table
from autograder.files import printable
from autograder.grading.judging import causes, data
from autograder.kernel.grader import clock, launcher, tiers
from autograder.kernel.grader.client import guarded
from autograder.kernel.grader.launcher import WARM_NODE
from autograder.kernel.grader.student import KernelStudent
from autograder.kernel.grader.tiers import Tier
from autograder.kernel.limits import KILLED, Ending, Limits
from autograder.kernel.supervisor import cgroup
from autograder.notebook import CONSTANTS, SETUP, demonstrations, grade_id_of
from autograder.outcome import CheckResult, Outcome, Status
from autograder.submission import given, pack
from autograder.submission.layout import Layout, bound_by, plain
from autograder.variants import constants, filled

CELL_OUTPUT_BYTES = 1_000_000
DROPPED = "[more output dropped]\n"
START_SECONDS = 120
# The part of a submission's time that cells of the student's own may take: exercises get the rest.
OWN_SHARE = 0.5
# Seconds that each of them may take when that is used up, as later ones may define what answers use;
# up to this part of the time.
SHORT, MOST_OWN = 2, 0.75
# `exit()` in a cell ends a kernel a tenth of a second later, in the middle of some other cell.
STAY = '__import__("IPython").get_ipython().ask_exit = lambda: None'
LIMIT_STATUS = {
    "memory": Status.OUT_OF_MEMORY,
    "wall": Status.TIMED_OUT,
    "cpu": Status.TIMED_OUT,
    "processes": Status.CRASHED,
    "output": Status.CRASHED,
}


def expect_sealed(allow_unsealed: bool) -> None:
    """Raise `UserError` if students' code cannot be sealed off and nobody has allowed that."""
    offer = tiers.probe()
    if not offer.tier.sealed and not allow_unsealed:
        raise UserError(
            f"students' code cannot be sealed off on this host ({offer.reasons}): it could read every "
            "file that you can read, and use the network. Grade on another host, or pass "
            "--allow-unsealed"
        )


@contextlib.contextmanager
def meeting(course: Course, place: Path) -> Iterator[Path]:
    """A scratch folder in `place`, in which all who start kernels of this run find the same node.

    Raises
    ------
    UserError
        If students' code cannot be sealed off here and nobody has allowed that.
    """
    expect_sealed(bool(course.config.Judge.get("allow_unsealed", False)))
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=place, prefix="scratch-", ignore_cleanup_errors=True
    ) as folder:
        launcher.share(Path(folder))
        try:
            if tiers.probe().tier is tiers.Tier.NAMESPACES:
                # This process lives longest: a kernel must not end with a worker that does not use it.
                launcher.begin(course.preload)
            yield Path(folder)
        finally:
            launcher.share(None)


def expect_settings(course: Course) -> None:
    """Raise `UserError` for a setting of the judge that does not exist or cannot be used."""
    constants.expect_names(course)
    path, judge = course.root / "nbgrader_config.py", Judge()
    known = Judge.class_trait_names(config=True)
    lines = path.read_text(encoding="utf-8").splitlines()
    for name, value in course.config.Judge.items():
        numbers = [n for n, line in enumerate(lines, 1) if f"Judge.{name}" in line]
        place = f"{path}:{numbers[-1]}" if numbers else f"{path}"
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"
            raise UserError(f"{place}: there is no setting c.Judge.{name}: {hint}")
        try:
            setattr(judge, name, value)
            if name == "limits":
                Limits.from_dict(value)
        except (TraitError, ValueError) as error:
            raise UserError(f"{place}: c.Judge.{name} = {value!r}: {error}") from None


class KernelNotStarted(Exception):
    """The kernel died before any of the student's code ran."""


class Judge(Execute):
    """Runs the cells, judges the check cells, and enters what it finds into `resources["outcome"]`.

    `resources["submission"]` is the hash of everything handed in (see `pack`), from which the
    challenges follow. `resources["ending"]` says how the kernel ended, if it died, and
    `resources["fatal"]` at which cell of the student's own; cells at the positions in
    `resources["left_out"]` are not run, for the reasons there.
    """

    # Seconds in which a kernel waits for a core are not counted, see `clock`.
    timeout = Integer(120, min=1, help="Seconds a cell may take.", allow_none=True).tag(config=True)
    submission_timeout = Float(600, min=1, help="Seconds all of a submission may take.").tag(
        config=True
    )
    iopub_timeout = Integer(5, min=1, help="Seconds an interrupted cell has to stop.").tag(
        config=True
    )
    kernel_name = Unicode(
        "", help="The kernel that runs students' cells; empty: the best sealed one of this host."
    ).tag(config=True)
    limits = Dict(
        help="What one submission may use: fields of autograder.kernel.limits.Limits."
    ).tag(config=True)
    preload = List(
        Unicode(), help="Modules that the notebooks use: imported before the student's time starts."
    ).tag(config=True)
    environment = Dict(
        help="Variables that students' kernels get; {data} in a value is the folder with their data."
    ).tag(config=True)
    variants = List(
        Unicode(), help="Assignments whose constants differ from student to student."
    ).tag(config=True)
    allow_unsealed = Bool(
        False, help="Whether to grade even if students' code cannot be sealed off."
    ).tag(config=True)

    snapshot = Unicode(
        "", help="The folder whose source/ and hidden/ count; empty: the course's own."
    ).tag(config=True)

    def preprocess(self, nb, resources, km=None):
        self._course = Course(Path(self.config.CourseDirectory.get("root", ".")).resolve())
        self._assignment = resources["nbgrader"]["assignment"]
        frozen = Course(Path(self.snapshot)) if self.snapshot else self._course
        self._student_id = resources["nbgrader"]["student"]
        self._hidden = hidden.load(frozen.hidden, self._assignment)
        self._source = self._source_notebook(frozen)
        self._secret = self._course.secret
        self._submission = (resources.get("submission") or self._handed_in()).encode()
        self._wrong: list[tuple] = []
        self._stopped = ""
        self._layout: Layout = resources.get("layout") or Layout([])
        self._left_out: dict[int, tuple[Status, str]] = resources.get("left_out", {})
        self._fatal: int | None = None
        self._timeouts: Counter[bool] = Counter()
        # By position: seconds that cells took, and why some were ended.
        self._took: dict[int, float] = {}
        self._own_took = 0.0
        self._ended: dict[int, str] = {}
        self._set_aside_demonstrations(nb)
        tier = self._tier()
        blank = Outcome(resources["nbgrader"]["student"], self._assignment, Status.GRADED, 0.0)
        self._outcome: Outcome = resources.setdefault("outcome", blank)
        self._outcome.isolation = str(tier)
        self._outcome.attention += self._of_somebody_else(nb)
        self._ending: Ending | None = None
        self._data = data.for_kernels(self._course.private, self._hidden)
        folder = Path(resources.get("metadata", {}).get("path") or ".")
        self._scratch = Path(tempfile.mkdtemp(prefix="submission-"))
        try:
            if not tier.sealed:
                # A sealed kernel works on a copy of its own.
                shutil.copytree(folder, self._scratch / "work", symlinks=True)
                folder = self._scratch / "work"
            self._run_all(nb, {**resources, "metadata": {"path": str(folder)}}, km)
        finally:
            # Windows keeps what a process uses that the student's code has left behind.
            shutil.rmtree(self._scratch, ignore_errors=True)
        resources["ending"], resources["fatal"] = self._ending, self._fatal
        return nb, resources

    def _source_notebook(self, course: Course) -> Path:
        """The notebook with solutions, with this student's constants where they have their own."""
        if self._assignment not in self.variants:
            return course.source_notebook(self._assignment)
        place = self._course.private / "variants"
        return filled.write_source(course, self._hidden, self._student_id, place)

    def _of_somebody_else(self, nb) -> list[str]:
        """Whether the notebook was handed out with other constants than this student's."""
        if self._assignment not in self.variants:
            return []
        found, own = nb.metadata.get(CONSTANTS), read_reference(self._source).constants
        # Some editors drop what they do not know.
        if found is None or found == own:
            return []
        if found == self._hidden.constants:
            return [
                "the notebook was handed out with everybody's constants, as by `bundle` without "
                f"--roster, and not with this student's ({json.dumps(own)})"
            ]
        told = printable(json.dumps(found)[:100])
        return [
            f"the notebook was handed out with other constants ({told}) than this student's "
            f"({json.dumps(own)}): is it another student's?"
        ]

    def _set_aside_demonstrations(self, nb) -> None:
        """Note which cells need not run, and clear the handed-in outputs of all others."""
        known = demonstrations(self._source)
        self._needless = given.needless(nb, known, self._hidden.asked_names)
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                skip = index in self._needless
                cell.outputs = given.not_run(cell.outputs) if skip else []
                cell.execution_count = None

    def _tier(self) -> Tier:
        """The tier of the kernel to use, which this host must offer."""
        tier = tiers.of_kernel(self.kernel_name)
        self.kernel_name = self.kernel_name or tier.kernel_name
        if not (tier.sealed or self.allow_unsealed):
            raise UserError(
                f"students' code cannot be sealed off by the kernel {self.kernel_name!r} on this "
                "host: run `autograder doctor`, or set c.Judge.allow_unsealed = True"
            )
        return tier

    def _run_all(self, nb, resources, km):
        NotebookClient.__init__(self, nb, km)
        self.reset_execution_trackers()
        self._check_assign_resources(resources)
        with contextlib.ExitStack() as running:
            # nbclient forgets a kernel that did not start.
            manager = self.km = km or self.create_kernel_manager()
            try:
                self._start_kernel(running)
            except (RuntimeError, KernelDied) as error:
                ending = getattr(manager.provisioner, "ending", None)
                how = f": {ending} {ending.errors[-300:]}".rstrip() if ending else ""
                raise KernelNotStarted(f"{error}{how}") from error
            self._deadline = self._clock() + self.submission_timeout
            for index, cell in enumerate(nb.cells):
                self.preprocess_cell(cell, resources, index)
            self._finish()
        for cell in nb.cells:
            if cell.cell_type == "code" and not utils.is_grade(cell):
                _shorten(cell)

    def _start_kernel(self, running: contextlib.ExitStack) -> None:
        """Start a kernel that ends with `running`, and import what the notebooks use."""
        # The kernel process's own output is not the output of a cell.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running.enter_context(self.setup_kernel(env=self._environment(), **quiet))
        self._clock = clock.FairClock(getattr(self.km.provisioner, "pid", None))
        self._student = KernelStudent(self.kc, self.km, self._left, self.iopub_timeout, self._clock)
        self._student.lines = lines_of(self.nb)
        with contextlib.suppress(FileNotFoundError):
            self._student.constants = read_reference(self._source).constants
        # Importing libraries takes seconds on a busy machine: it does not count as the student's
        # time.
        self._deadline = math.inf
        self._student.run(_importing(self.preload), START_SECONDS)
        try:
            self._student.load(self._hidden.module("probes"))
        except StudentError as error:
            reason = error.details
            raise UserError(
                f"hidden/{self._assignment}/probes.py cannot be loaded in a student's kernel: {reason}"
            ) from None

    def _finish(self):
        """Show what wrong answers do. Everything has been judged by now, so this costs no points."""
        for exercise, cell in self._wrong:
            if self._stopped or self._student.died:
                return
            note = self._outcome.notes.append
            if bundle := figures.picture(self._hidden, exercise, self._student, note):
                metadata = {"image/png": {"alt": bundle["text/plain"]}}
                shown = nbformat.v4.new_output("display_data", bundle, metadata=metadata)
                cell.outputs.insert(1, shown)

    def create_kernel_manager(self):
        # Our own clock ends a cell or a submission earlier; this is for a kernel that nobody ends.
        slowest = self.submission_timeout / (1 - clock.MOST)
        limits = {"wall_seconds": slowest + START_SECONDS, **self.limits}
        for name in ("SealedProvisioner", "BubblewrapProvisioner"):
            self.config[name].update(
                limits=limits,
                data=str(self._data or ""),
                hidden=[str(self._course.root)],
                variables=self.environment,
            )
        self.config.SealedProvisioner.preload = self.preload
        # Kernels of nbgrader's own commands and of formgrader's button start as fast as ours.
        launcher.use(self._course.private / WARM_NODE)
        manager = super().create_kernel_manager()
        if self.kernel_name == Tier.PLAIN.kernel_name:
            if os.name == "posix":
                # Files instead of ports: nobody else on this machine can connect.
                manager.transport = "ipc"
                manager.ip = str(self._scratch / "k")
            if manager.kernel_spec.argv[0].startswith("python"):
                manager.kernel_spec.argv[0] = sys.executable
        # In the sealed tiers, the provisioner takes care of that.
        manager.client_factory = guarded(manager.client_factory)
        self._oom_kills = cgroup.oom_kills()
        return manager

    def _environment(self) -> dict[str, str]:
        """What an unsealed kernel may know about the grader's environment; one thread per library."""
        kept = "PATH HOME LANG LC_ALL TMPDIR".split()
        if os.name == "nt":
            # Without these, Python and Jupyter find neither a home nor a temporary folder there.
            kept += "SYSTEMROOT COMSPEC PATHEXT USERPROFILE APPDATA LOCALAPPDATA TEMP TMP".split()
        variables = {k: v.format(data=self._data or "") for k, v in self.environment.items()}
        return {key: os.environ[key] for key in kept if key in os.environ} | variables | {
            "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            "PYTHONHASHSEED": "0", "NBGRADER_EXECUTION": "autograde",
        }  # fmt: skip

    def preprocess_cell(self, cell, resources, index):
        if utils.is_grade(cell) and cell.cell_type == "code":
            self._judge(cell, index)
        elif index in self._needless:
            pass
        elif not self._stopped:
            self._run_cell(cell, index)
        elif cell.cell_type == "code":
            cell.outputs = [_error("NotRun", self._stopped)]
        return cell, resources

    def _run_cell(self, cell, index):
        own = self._is_own(cell)
        if own and (reason := self._reason_to_leave_out(index)):
            self._ended[index] = reason
            cell.outputs = [_error("NotRun", reason)]
            return
        if self._left() <= 0:
            self._stop(
                Status.TIMED_OUT, f"all of the submission's time was used up{self._longest()}"
            )
            cell.outputs = [_error("NotRun", self._stopped)]
            return
        self._output_bytes, self._cell_started = 0, self._clock()
        try:
            self.execute_cell(cell, index, store_history=True)
        except DeadKernelError:
            status, how = self._how_it_ended()
            self._end_of_kernel(cell, index, status, f"ended the kernel: {how}")
            cell.outputs.append(_error("DeadKernelError", self._stopped))
        except CellTimeoutError:
            # The interrupt was ignored: this kernel is of no more use.
            run_sync(self.km.shutdown_kernel)(now=True)
            self._end_of_kernel(
                cell, index, Status.TIMED_OUT, "ran out of time and could not be stopped"
            )
            cell.outputs.append(_error("CellTimeoutError", self._stopped))
        finally:
            self._took[index] = self._clock() - self._cell_started
            self._own_took += self._took[index] * own

    def _end_of_kernel(self, cell, index, status: Status, how: str) -> None:
        self._stop(status, f"{self._named(index)} {how}")
        self._fatal = index if self._is_own(cell) else None

    def _reason_to_leave_out(self, index: int) -> str:
        """Why a cell of the student's own is not run; "" if it is."""
        if index in self._left_out:
            status, reason = self._left_out[index]
            self._note(status, f"{reason}; it was left out")
            return f"it was left out, as it had ended the kernel ({status})"
        if self._own_took > MOST_OWN * self.submission_timeout:
            reason = "the time for the student's own cells was used up"
            self._note(Status.TIMED_OUT, f"{reason}{self._longest()}")
            return reason
        return ""

    def _is_own(self, cell) -> bool:
        """Whether a cell is neither an exercise's nor given."""
        marked = "nbgrader" in cell.metadata or cell.metadata.get(SETUP)
        return not marked and plain(cell.source) not in self._layout.texts

    def _named(self, index: int) -> str:
        cell = self.nb.cells[index]
        if self._is_own(cell):
            return f"the cell that begins with `{causes.first_line(cell.source)}`"
        return (
            grade_id_of(cell)
            or f"the given cell that begins with `{causes.first_line(cell.source)}`"
        )

    def _longest(self) -> str:
        """Which cell took most of the time, as the end of a sentence."""
        if not self._took:
            return ""
        index = max(self._took, key=lambda i: self._took[i])
        return f": {self._named(index)} took {self._took[index]:.0f} s of {self.submission_timeout:.0f}"

    def _judge(self, cell, index):
        exercise = cell.metadata.nbgrader["grade_id"].removeprefix("check_")
        if exercise not in self._hidden.checks:
            raise RuntimeError(f"{self._assignment} has no hidden checks for {exercise!r}")
        if self._stopped:
            self._student.died = self._stopped
        checks, recorder = self._hidden.checks[exercise], Recorder(self._student)
        results = run_checks([recorder.watched(c) for c in checks], recorder, self._seed)
        # The source may be about to be built.
        with contextlib.suppress(FileNotFoundError):
            reference = read_reference(self._source)
            results = diagnose(
                self._hidden, reference, checks, results, recorder.replies, self._seed
            )
        results, look = causes.explain(results, self.nb.cells, index, self._ended)
        self._outcome.checks += results
        if any(r.points < r.max_points for r in results):
            self._wrong.append((exercise, cell))
            self._outcome.attention += [*dict.fromkeys(look), *self._defined_again(exercise, index)]
        if self._student.timed_out and self._outcome.status is Status.GRADED:
            self._note(Status.TIMED_OUT, f"{exercise}: the code did not finish in time")
        if self._student.died and not self._stopped:
            status, how = self._how_it_ended()
            status = Status.TIMED_OUT if self._student.timed_out else status
            self._stop(status, f"{exercise}: {self._student.died} ({how})")
        errors = [f"{r.exercise}/{r.check}: {r.error}" for r in results if r.error]
        if errors:
            self._note(Status.GRADER_ERROR, "; ".join(errors))
        cell.outputs = outputs_of(results, float(cell.metadata.nbgrader["points"]))

    def _defined_again(self, exercise: str, check: int) -> list[str]:
        """Whether the student has answered an exercise once more, where it does not count."""
        names = self._layout.names.get(exercise, frozenset())
        return [
            f"{exercise}: {self._named(i)} defines it again, below its self-check, where it does not "
            "count"
            for i, cell in enumerate(self.nb.cells)
            if i > check and cell.cell_type == "code" and self._is_own(cell)
            if bound_by(cell.source) & names
        ][:1]

    def _seed(self, check) -> int:
        names = (self._student_id, self._assignment, check.exercise, check.name)
        return challenge_seed(self._secret, self._submission, *names)

    def _handed_in(self) -> str:
        """The hash of everything handed in, where a stock command grades and nothing was packed."""
        return pack.digest(self._course.folder("submitted") / self._student_id / self._assignment)

    def _left(self) -> float:
        return self._deadline - self._clock()

    def _how_it_ended(self) -> tuple[Status, str]:
        ending = getattr(self.km.provisioner, "ending", None)
        process = getattr(self.km.provisioner, "process", None)
        if ending is None:
            ending = Ending(process.poll() if process is not None else None)
        self._ending = ending
        if ending.limit:
            return LIMIT_STATUS[ending.limit], str(ending)
        if ending.code == KILLED and cgroup.oom_kills() > self._oom_kills:
            return Status.OUT_OF_MEMORY, "it was killed when this machine ran out of memory"
        return Status.CRASHED, str(ending)

    def _stop(self, status: Status, message: str):
        self._note(status, message)
        self._stopped = message

    def _note(self, status: Status, message: str):
        """Keep the first thing that went wrong; an error of the grader takes precedence."""
        if self._outcome.status is Status.GRADED or status is Status.GRADER_ERROR:
            self._outcome.status, self._outcome.message = status, message

    def _get_timeout(self, cell):
        left = max(1, math.ceil(self._left()))
        own = self._is_own(cell)
        if own:
            most = OWN_SHARE * self.submission_timeout - self._own_took
            left = min(left, max(SHORT, math.ceil(most)))
        # An endless function is often called in many cells: each time-out halves the next one, so
        # that all of them together take at most twice the first. Own cells do not shorten answers.
        return max(1, min(self.timeout / 2 ** self._timeouts[own], left)) if self.timeout else left

    async def _async_handle_timeout(self, timeout, cell=None):
        if self._clock() - self._cell_started < timeout:
            # The kernel had to wait for a core, so nbclient goes on waiting; after a stray message
            # it would ask again at once, and again.
            await asyncio.sleep(1)
            return None
        self._timeouts[self._is_own(cell)] += 1
        index = next(i for i, other in enumerate(self.nb.cells) if other is cell)
        self._ended[index] = f"it was stopped after {timeout:g} s"
        self._note(Status.TIMED_OUT, f"{self._named(index)} was stopped after {timeout:g} s")
        return await super()._async_handle_timeout(timeout, cell)

    def handle_comm_msg(self, outs, msg, cell_index):
        """Ignore widgets' messages: only static output is kept, no state that a student's code sends."""

    def output(self, outs, msg, display_id, cell_index):
        self._output_bytes += len(str(msg["content"]))
        if self._output_bytes > CELL_OUTPUT_BYTES:
            note = nbformat.v4.new_output("stream", name="stdout", text=DROPPED)
            if not outs or outs[-1] != note:
                outs.append(note)
            return None
        return super().output(outs, msg, display_id, cell_index)


def _importing(modules: list[str]) -> str:
    """Code that imports the packages of these modules and leaves no name behind."""
    packages = dict.fromkeys(name.partition(".")[0] for name in modules)
    return "\n".join([STAY, *(f"import {name}; del {name}" for name in packages)])


def _shorten(cell) -> None:
    """Drop the outputs above the limit: small outputs can later be replaced by large ones."""
    sizes = itertools.accumulate(len(str(output)) for output in cell.outputs)
    kept = sum(size <= 2 * CELL_OUTPUT_BYTES for size in sizes)
    if kept < len(cell.outputs):
        note = nbformat.v4.new_output("stream", name="stdout", text=DROPPED)
        cell.outputs[kept:] = [note]


def lines_of(nb) -> frozenset[str]:
    """The lines of a notebook's code, without the space around them."""
    code = (cell.source for cell in nb.cells if cell.cell_type == "code")
    return frozenset(line.strip() for source in code for line in source.splitlines())


def outputs_of(results: list[CheckResult], max_points: float) -> list:
    """The judged cell's outputs: a table of checks, and the points as the cell's result.

    Raises
    ------
    ValueError
        If the checks together are worth anything but `max_points`, so that a wrong answer could get
        full marks. Or if the points are not a finite number from 0 to `max_points`: stock nbgrader
        would turn some such values into full marks.
    """
    worth = math.fsum(r.max_points for r in results)
    if not math.isclose(worth, max_points):
        raise ValueError(
            f"the self-check is worth {max_points:g} points, its hidden checks {worth:g}: "
            "run `autograder build`"
        )
    points = math.fsum(r.points for r in results)
    if not (math.isfinite(points) and 0 <= points <= max_points):
        raise ValueError(f"expected 0 to {max_points} points, got {points}")
    shown = {"text/plain": table.as_text(results), "text/html": table.as_html(results)}
    data = {cells.CHECKS: table.as_data(results)}
    return [
        nbformat.v4.new_output("display_data", shown, metadata=data),
        nbformat.v4.new_output("execute_result", {"text/plain": repr(points)}),
    ]


def _error(name: str, message: str):
    return nbformat.v4.new_output(
        "error", ename=name, evalue=message, traceback=[f"{name}: {message}"]
    )
