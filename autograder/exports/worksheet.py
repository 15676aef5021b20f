"""A CSV file as text: single cells can be replaced, and every other byte stays unchanged."""

import re
from pathlib import Path

from autograder.errors import UserError

BOM = "\ufeff"


class Worksheet:
    """A downloaded table: `header` and `rows` hold the cells' values; `set` replaces one cell.

    Parameters
    ----------
    path
        A CSV file in UTF-8, separated by comma, semicolon or tab.

    Raises
    ------
    UserError
        If the file cannot be read as such a table.
    """

    def __init__(self, path: Path):
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            raise UserError(f"{path} could not be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UserError(
                f"expected UTF-8 text in {path}, got something else: upload the file as it was "
                "downloaded, not as a spreadsheet program saved it"
            ) from None
        self.path = path
        self._bom = BOM if text.startswith(BOM) else ""
        text = text[len(self._bom) :]
        self._separator = _separator(text)
        self._cells, self._ends = _split(text, self._separator, path)
        values = [[_value(raw) for raw in row] for row in self._cells]
        self.header, self.rows = (values[0], values[1:]) if values else ([], [])
        for number, row in enumerate(self.rows, start=2):
            if len(row) != len(self.header) and row != [""]:
                raise UserError(
                    f"expected {len(self.header)} cells in row {number} of {path}, got {len(row)}: "
                    "download the file again"
                )

    def set(self, row: int, column: int, value: str) -> None:
        """Replace a cell of `rows`; a cell that already holds `value` keeps its bytes."""
        if self.rows[row][column] == value:
            return
        self.rows[row][column] = value
        special = set(value) & set('",;\t\n\r' + self._separator)
        quoted = special or value != value.strip()
        self._cells[row + 1][column] = '"' + value.replace('"', '""') + '"' if quoted else value

    def __bytes__(self) -> bytes:
        lines = (self._separator.join(c) + end for c, end in zip(self._cells, self._ends))
        return (self._bom + "".join(lines)).encode("utf-8")


def _separator(text: str) -> str:
    first = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    return max(",;\t", key=first.count)


def _split(text: str, separator: str, path: Path) -> tuple[list[list[str]], list[str]]:
    """The raw cells of each line, quotes included, and each line's end."""
    cell = re.compile(rf'("(?:[^"]|"")*"|[^"{separator}\r\n][^{separator}\r\n]*|)')
    rows: list[list[str]] = []
    ends: list[str] = []
    row: list[str] = []
    place = 0
    while place < len(text) or row:
        found = cell.match(text, place)
        assert found is not None  # The pattern also matches an empty cell.
        row.append(found.group(0))
        place = found.end()
        rest = text[place : place + 2]
        if rest.startswith(separator):
            place += 1
            continue
        end = "\r\n" if rest == "\r\n" else rest[:1]
        if end not in ("\r\n", "\n", "\r", ""):
            line = text.count("\n", 0, place) + 1
            raise UserError(
                f"expected a CSV table in {path}, but line {line} is not a row of one: "
                "download the file again"
            )
        rows.append(row)
        ends.append(end)
        row, place = [], place + len(end)
    return rows, ends


def _value(raw: str) -> str:
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
