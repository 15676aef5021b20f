#!/usr/bin/env python3
"""Gives a submission on Gradescope the results that were graded elsewhere.

This file is the `run_autograder` of a zip that `autograder export --to gradescope` writes, and needs
nothing but Python. No code of a student runs, so that no student can read another one's results.
"""

import hashlib
import json
import sys
from pathlib import Path


def key(text) -> str:
    """`text` for comparisons, whatever its case and spacing."""
    return " ".join(str(text or "").casefold().split())


def entry_of(entries: list, users: list):
    """The entry of one of the users, or None; a name that two students share finds nobody."""
    for user in users:
        email = key(user.get("email"))
        for wanted in (email, key(user.get("sid")), email.partition("@")[0]):
            found = [e for e in entries if wanted and wanted in map(key, e["ids"])]
            if len(found) == 1:
                return found[0]
        found = [e for e in entries if key(e["name"]) == key(user.get("name")) != ""]
        if len(found) == 1:
            return found[0]
    return None


def main(place: Path = Path("/autograder")) -> int:
    """Write results/results.json; without it Gradescope reports a failed autograder and gives no score."""
    entries = json.loads((place / "source" / "given.json").read_text(encoding="utf-8"))
    users = json.loads((place / "submission_metadata.json").read_text(encoding="utf-8"))["users"]
    entry = entry_of(entries, users)
    if entry is None:
        who = ", ".join(f"{user.get('name')} ({user.get('email')})" for user in users)
        print(f"not graded: {who} has no result in this zip: grade, export and upload it again")
        return 1
    handed_in = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (place / "submission").rglob("*.ipynb")
        if path.is_file()
    }
    if entry["notebooks"] and handed_in.isdisjoint(entry["notebooks"]):
        print("not graded: this notebook is another one than was graded: grade and export it again")
        return 1
    text = json.dumps(entry["results"], ensure_ascii=False)
    (place / "results").mkdir(exist_ok=True)
    (place / "results" / "results.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
