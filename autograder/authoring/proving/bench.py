"""What answers would earn: hidden checks, self-check and diagnosis, without a kernel.

Each answer is tried in a process of its own (see `apart`). Nothing seals it off: it may do what the
user of the command may do.
"""

import contextlib
import functools
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.authoring.expand import expand
from autograder.authoring.proving import apart
from autograder.checking import diagnosis, hidden
from autograder.checking.answers import WriteFiles
from autograder.checking.check import Check, challenge_seed, run_checks
from autograder.checking.reference import Reference
from autograder.checking.student import LocalStudent
from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.judging import data
from autograder.notebook import selfchecks
from autograder.outcome import CheckResult

SECONDS = 60.0


@dataclass(frozen=True)
class Trial:
    """What to try.

    Parameters
    ----------
    exercise
        The exercise whose checks are run.
    replaced
        Solution cells that differ from the reference's, by exercise.
    files
        Changes the folder of handed-in files, which at first holds the reference's.
    seeds
        Numbers of the challenges.
    threads
        With how many the grader computes; the answer's code always has one.
    stop
        Whether to end with the first check that fails, without the self-check.
    """

    exercise: str
    replaced: dict[str, str]
    seeds: Sequence[int]
    files: WriteFiles | None = None
    threads: int = 1
    stop: bool = False


@dataclass
class Tried:
    """What an answer did: its checks' results for each seed, and its self-check's verdict.

    `ticked` is None if the self-check has not been run. `error` says why an answer, or part of it,
    could not be tried.
    """

    results: list[list[CheckResult]] = field(default_factory=list)
    ticked: bool | None = None
    said: str = ""
    diagnosis: str = ""
    error: str = ""

    def failures(self) -> dict[str, int]:
        """How often each check failed."""
        counts: dict[str, int] = {}
        for result in (r for results in self.results for r in results):
            lost = result.points < result.max_points
            counts[result.check] = counts.get(result.check, 0) + lost
        return counts

    def worst(self) -> list[CheckResult]:
        """A result for each check: the first in which it failed, otherwise the first."""
        by_check = zip(*self.results, strict=True)
        return [min(results, key=lambda r: r.points / r.max_points) for results in by_check]


class Bench:
    """One assignment: its checks, its reference, and the files that the reference hands in.

    If checks need data, it is the built-in data. Use it as a context manager.
    """

    def __init__(self, course: Course, assignment: str):
        self.assignment = assignment
        self.hidden = hidden.load(course.hidden, assignment)
        notebook = expand(course, assignment)
        self.reference = Reference(notebook)
        self._selfchecks = selfchecks(notebook)
        self._warm: set[str] = set()
        self._closing = contextlib.ExitStack()

    def __enter__(self) -> "Bench":
        self.files = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        self._closing.enter_context(data.built_in(self.hidden))
        self.hidden.import_all()
        if write := self.hidden.reference_files:
            with contextlib.chdir(self.files):
                write(self.reference.namespace(), self.files)
        return self

    def __exit__(self, *error) -> None:
        self._closing.close()

    def expect_exercise(self, name: str) -> str:
        """`name`, if it is an exercise with hidden checks.

        Raises
        ------
        UserError
            If it is not.
        """
        if name not in self.hidden.checks:
            known = ", ".join(self.hidden.checks)
            raise UserError(f"expected an exercise of {self.assignment} ({known}), got {name!r}")
        return name

    def run(
        self, trials: Sequence[Trial], seconds: float = SECONDS, diagnosed: bool = False
    ) -> Iterator[tuple[int, Tried]]:
        """Try answers, some at a time; yield the number of each and what it did, as they end.

        Parameters
        ----------
        seconds
            Until an answer is stopped. Checks it has not come to count as failed.
        diagnosed
            Whether to look for a known mistake that behaves alike.
        """
        for exercise in dict.fromkeys(trial.exercise for trial in trials):
            self._warm_up(exercise)
        work = functools.partial(self._work, diagnosed=diagnosed)
        again = []
        for ended in apart.run(work, trials, seconds):
            if ended.died:
                again.append(ended.number)
            else:
                yield ended.number, self._read(trials[ended.number], ended)
        # Once more, alone: what the answer itself does happens twice, what the machine lacked does not.
        for number in again:
            for ended in apart.run(work, [trials[number]], seconds):
                yield number, self._read(trials[number], ended)

    def _warm_up(self, exercise: str) -> None:
        """Import here what libraries load on first use, rather than in every process."""
        if exercise not in self._warm:
            self._warm.add(exercise)
            with contextlib.redirect_stdout(io.StringIO()):
                list(self._work(Trial(exercise, {}, range(1)), diagnosed=False))

    def _work(self, trial: Trial, diagnosed: bool) -> Iterator[dict]:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            shutil.copytree(self.files, folder, dirs_exist_ok=True)
            try:
                namespace = self.reference.namespace(**trial.replaced)
                if trial.files:
                    trial.files(namespace, Path(folder))
            except (Exception, SystemExit) as error:
                yield {"error": f"its cell raises {type(error).__name__}: {error}"}
                return
            if torch := sys.modules.get("torch"):
                torch.set_num_threads(trial.threads)
            student = LocalStudent(namespace)
            student.constants = self.reference.constants
            for seed in trial.seeds:
                lost = False
                recorder = diagnosis.Recorder(student)
                draw = functools.partial(_challenge, seed)
                results: list[CheckResult] = []
                # One by one, because the next check may never end.
                for item in self.hidden.checks[trial.exercise]:
                    results += run_checks([recorder.watched(item)], recorder, draw)
                    lost = lost or results[-1].points < results[-1].max_points
                    yield {"seed": seed, "result": asdict(results[-1])}
                    if trial.stop and lost:
                        return
                if diagnosed and lost and seed == trial.seeds[0]:
                    yield {"diagnosis": self._diagnosis(trial, results, recorder, draw)}
            if not trial.stop:
                yield self._selfcheck(trial.exercise, namespace)

    def _diagnosis(self, trial: Trial, results, recorder, draw) -> str:
        checks = self.hidden.checks[trial.exercise]
        found = diagnosis.diagnose(
            self.hidden, self.reference, checks, results, recorder.replies, draw
        )
        return next((r.diagnosis for r in found if r.diagnosis), "")

    def _selfcheck(self, exercise: str, namespace: dict) -> dict:
        code = compile(self._selfchecks[exercise], f"<selfcheck {exercise}>", "exec")
        try:
            exec(code, namespace)
        except NotImplementedError as error:
            # The untouched cell raises it without a message, libraries raise it with one.
            return {"ticked": False, "said": str(error) or "not solved yet"}
        except Exception as error:
            name = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            return {"ticked": False, "said": f"{name}{error}"}
        return {"ticked": True}

    def _read(self, trial: Trial, ended: apart.Ended) -> Tried:
        tried = Tried(error=ended.reason)
        seeds: dict[int, list[CheckResult]] = {}
        for report in ended.reports:
            if "result" in report:
                seeds.setdefault(report["seed"], []).append(CheckResult(**report["result"]))
            else:
                for name, value in report.items():
                    setattr(tried, name, value)
        tried.results = list(seeds.values())
        if tried.error:
            # What it has not come to with the challenge at which it ended is lost.
            checks = self.hidden.checks[trial.exercise]
            if len(seeds) < len(trial.seeds) and all(len(r) == len(checks) for r in tried.results):
                tried.results.append([])
            tried.results[-1] += [
                CheckResult(c.exercise, c.name, c.title, 0.0, c.points, tried.error)
                for c in checks[len(tried.results[-1]) :]
            ]
        return tried


def _challenge(seed: int, item: Check) -> int:
    return challenge_seed(b"audit", bytes([seed]), item.name)
