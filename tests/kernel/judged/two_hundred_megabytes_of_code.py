"""A notebook of 200 MB in its cells' sources."""

import json

STATUS = "unreadable"
SCORE = None


def hand_in(folder, notebook):
    raw = json.loads(json.dumps(notebook))
    raw["cells"] += [{"cell_type": "code", "source": "#" * 10_000_000, "metadata": {}}] * 20
    return json.dumps(raw).encode()
