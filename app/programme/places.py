"""On which line of a TOML file a value stands. Pure.

`tomllib` reads values without their places. This finds them again in a text
that it has read: tables, and the keys in them; what is inside a value has its
key's line.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

Path = tuple[str | int, ...]

_KEY: Final = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.)?""")
_BLANK: Final = re.compile(r"(?:\s|#[^\n]*)+")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'", re.DOTALL
)
_PLAIN: Final = re.compile(r"""[^\[\]{}"'#\n]+""")


class Lines:
    """The lines of one TOML text."""

    def __init__(self, text: str) -> None:
        """Find the line of every table and key; the text must be valid TOML."""
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._read()

    def find(self, path: Sequence[str | int]) -> int | None:
        """Return the line of a value, or of the nearest thing around it; `None` for the file."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(tuple(path[:length]))
            if line is not None:
                return line
        return None

    def _read(self) -> None:
        table: Path = ()
        at = self._skip_blank(0)
        while at < len(self._text):
            start = at
            if self._text.startswith("[", at):
                is_array = self._text.startswith("[[", at)
                names, at = self._read_key(at + (2 if is_array else 1))
                table = self._open(names, is_array=is_array)
                self._lines.setdefault(table, self._line_of(start))
                at = self._end_of_line(at)
            else:
                names, at = self._read_key(at)
                self._lines.setdefault((*table, *names), self._line_of(start))
                at = self._skip_value(at + 1)
            at = self._skip_blank(at)

    def _open(self, names: Sequence[str], *, is_array: bool) -> Path:
        """Return the path of the table that a header opens: the newest of each array on the way."""
        path: Path = ()
        for name in names[:-1]:
            path = self._newest((*path, name))
        path = (*path, names[-1])
        if is_array:
            self._counts[path] = self._counts.get(path, 0) + 1
        return self._newest(path)

    def _newest(self, path: Path) -> Path:
        return (*path, self._counts[path] - 1) if path in self._counts else path

    def _read_key(self, at: int) -> tuple[list[str], int]:
        names: list[str] = []
        while found := _KEY.match(self._text, at):
            names.append(next(part for part in found.groups()[:3] if part is not None))
            at = found.end()
            if not found[4]:
                break
        return names or [""], at

    def _skip_value(self, at: int) -> int:
        """Return where a value ends: at the end of a line outside of strings and brackets."""
        depth = 0
        while at < len(self._text):
            letter = self._text[at]
            if letter == "\n" and not depth:
                return at
            if letter in "[{":
                depth += 1
            elif letter in "]}":
                depth -= 1
            found = self._token(at)
            at = found.end() if found else at + 1
        return at

    def _token(self, at: int) -> re.Match[str] | None:
        for form in (_STRING, _PLAIN):
            found = form.match(self._text, at)
            if found:
                return found
        return re.compile(r"#[^\n]*").match(self._text, at)

    def _skip_blank(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at

    def _end_of_line(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _line_of(self, at: int) -> int:
        return bisect_right(self._starts, at)
