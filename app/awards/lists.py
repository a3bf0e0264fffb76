"""Reading a list of people that somebody pasted or uploaded, line by line. Pure.

A file is never held in memory as a whole: it is looked through once for its
encoding, and read a second time row by row.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Final

from app.core.errors import InvalidError

MAX_LINE: Final = 10_000
_AT_ONCE: Final = 64 * 1024
_SAMPLE: Final = 4096
_DELIMITERS: Final = ",;\t|"
_HEADERS: Final = {
    "email": "email emailaddress mail mailaddress emailid primaryemail",
    "name": "name fullname displayname studentname participant learner person",
    "first": "firstname givenname given",
    "last": "lastname familyname surname family",
    "person": "personid userid ltiuserid lmsuserid sub coursepersonid",
}
_COLUMNS: Final = {word: column for column, words in _HEADERS.items() for word in words.split()}
_MAILBOX = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]*)>\s*")

WORKBOOK: Final = (
    "This is an Excel workbook, not a CSV file. In Excel choose “Save as”, then “CSV UTF-8”, "
    "and send that file."
)
WINDOWS_NOTE: Final = (
    "The file is not in UTF-8; it was read as Windows-1252. Look whether names with accents are "
    "right. If not, save the file as “CSV UTF-8” and send it again."
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list, as it was written. `person_id`: for somebody ticked in the roster.

    `person_key`: the course person id that a file gave. `is_ragged`: the row
    has more cells than the columns that the file names.
    """

    number: int
    email: str = ""
    name: str = ""
    person_key: str = ""
    person_id: int | None = None
    is_ragged: bool = False


@dataclass(frozen=True)
class _Layout:
    """How a file is laid out: what stands in which column."""

    delimiter: str
    columns: dict[str, int]
    width: int
    has_header: bool


class ListFile:
    """An uploaded list: `notes` on how it is read; iterate it for its entries, once."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Look through the file for its encoding, and at its first line for its columns.

        Raises: `InvalidError` if it is no text, or names no column with addresses.
        """
        self.notes: list[str] = []
        encoding = _find_encoding(stream)
        if encoding == "cp1252":
            self.notes.append(WINDOWS_NOTE)
        stream.seek(0)
        self._text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        self._lines = _Lines(self._text)
        first = next(self._lines, "")
        while first and not first.strip():
            first = next(self._lines, "")
        self._said: str | None = None
        if first.lower().startswith("sep=") and len(first.strip()) == len("sep=;"):
            self._said = first.strip()[-1]
            first = next(self._lines, "")
        self._layout = _find_layout(first, self._said)
        self._first = first

    @property
    def has_person_keys(self) -> bool:
        """Whether a column gives course person ids."""
        return "person" in self._layout.columns

    def __iter__(self) -> Iterator[Listed]:
        """Yield the entries.

        Raises: `InvalidError` naming the line at which the file cannot be read.
        """
        layout, lines = self._layout, self._lines
        skipped = lines.count
        if not layout.has_header:
            lines.put_back(self._first)
            skipped -= 1
        reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield _read_cells(cells, layout, skipped + reader.line_num)
        except csv.Error as error:
            raise InvalidError(
                f"Line {skipped + reader.line_num} cannot be read: its quotation marks do not "
                "match. Nothing was taken over."
            ) from error
        finally:
            self._text.detach()


class _Lines:
    """The lines of a text, each of a decent length and without NUL."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._waiting: list[str] = []
        self.count = 0

    def __iter__(self) -> "_Lines":
        return self

    def put_back(self, line: str) -> None:
        self._waiting.append(line)

    def __next__(self) -> str:
        if self._waiting:
            return self._waiting.pop()
        line = self._text.readline(MAX_LINE + 1)
        if not line:
            raise StopIteration
        self.count += 1
        if len(line) > MAX_LINE:
            raise InvalidError(
                f"Line {self.count} has more than {MAX_LINE} characters, so this is no list of "
                "people: one person stands on each line. Nothing was taken over."
            )
        if "\0" in line:
            raise InvalidError(
                f"Line {self.count} holds NUL bytes: this is no text file. Nothing was taken over."
            )
        return line


def read_pasted(text: str) -> Iterator[Listed]:
    """Yield the entries of a pasted list: one per line, or several, parted by comma or semicolon.

    An entry may be `ada@example.edu`, `Ada Lovelace <ada@example.edu>`, or a
    row of a spreadsheet. A comma inside a name, as in “Lovelace, Ada <…>”,
    parts nothing: what has no address of its own belongs to the next that has.

    Raises: `InvalidError` naming the entry that is too long for a person.
    """
    number = 0
    for line in text.splitlines():
        for part in _split(line, ";"):
            for entry in _entries(part):
                number += 1
                if len(entry) > MAX_LINE:
                    raise InvalidError(
                        f"Entry {number} has more than {MAX_LINE} characters, so this is no list "
                        "of people: put each person on a line. Nothing was taken over."
                    )
                name, email = split_mailbox(entry)
                yield Listed(number, email=email, name=name)


def split_mailbox(text: str) -> tuple[str, str]:
    """Part “Name <address>”, or a name and an address side by side; a lone text is an address."""
    text = text.strip().strip("\ufeff\u200b")
    mailbox = _MAILBOX.fullmatch(text)
    if mailbox:
        return _unquote(mailbox["name"]), mailbox["email"].strip().removeprefix("mailto:")
    words = re.split(r"[\s,]+", text)
    addresses = [word for word in words if "@" in word]
    if len(addresses) != 1 or len(words) == 1:
        return "", text.removeprefix("mailto:")
    name = text.replace(addresses[0], " ", 1)
    return _unquote(name), addresses[0].strip("\"'").removeprefix("mailto:")


def _unquote(name: str) -> str:
    return name.strip(" \t,;\u00a0").strip("\"'").strip()


def _split(text: str, separator: str) -> list[str]:
    """Part a text at a separator, but not within quotation marks or pointed brackets."""
    parts, start, quoted, pointed = [], 0, False, False
    for place, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter in "<>" and not quoted:
            pointed = letter == "<"
        elif letter == separator and not quoted and not pointed:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip(" \t,;\u00a0")]


def _entries(part: str) -> Iterator[str]:
    if part.count("@") <= 1:
        yield part
        return
    pieces: list[str] = []
    for piece in _split(part, ","):
        pieces.append(piece.strip())
        if "@" in piece:
            yield ", ".join(pieces)
            pieces = []
    if pieces:
        yield ", ".join(pieces)


def _find_encoding(stream: IO[bytes]) -> str:
    stream.seek(0)
    head = stream.read(_SAMPLE)
    if head.startswith(b"PK\x03\x04"):
        raise InvalidError(WORKBOOK)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise InvalidError("This file is in UTF-32. Save it as “CSV UTF-8” and send it again.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _require(stream, "utf-16")
    if b"\0" in head:
        return _require(stream, _guess_wide(head))
    if _is_in(stream, "utf-8-sig"):
        return "utf-8-sig"
    return _require(stream, "cp1252")


def _guess_wide(head: bytes) -> str:
    """Tell UTF-16 without its mark from a file that is no text: every other byte is zero."""
    half = len(head) // 2
    low, high = head[1::2].count(0), head[0::2].count(0)
    if low > half // 2 and not high:
        return "utf-16-le"
    if high > half // 2 and not low:
        return "utf-16-be"
    raise InvalidError("The file holds NUL bytes: this is no text file. Nothing was taken over.")


def _require(stream: IO[bytes], encoding: str) -> str:
    if not _is_in(stream, encoding):
        raise InvalidError(
            "The file’s letters cannot be read: it is neither UTF-8 nor UTF-16 nor Windows-1252. "
            "Save it as “CSV UTF-8” and send it again."
        )
    return encoding


def _is_in(stream: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while some := stream.read(_AT_ONCE):
            decoder.decode(some)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _find_layout(line: str, said: str | None) -> _Layout:
    """Find out the delimiter and the columns by the first line: its header, or the first person.

    Raises: `InvalidError` if there is no column of addresses.
    """
    rows = {mark: _cells_of(line, mark) for mark in (said or _DELIMITERS)}
    named = {mark: _name_columns(cells) for mark, cells in rows.items()}
    mark = max(rows, key=lambda each: (len(named[each]), len(rows[each])))
    columns = named[mark]
    if {"email", "person"} & columns.keys():
        return _Layout(mark, columns, len(rows[mark]), has_header=True)
    cells = rows[mark]
    places = [place for place, cell in enumerate(cells) if "@" in cell]
    if not places:
        raise InvalidError(
            "No column with e-mail addresses was found. Let the first line name the columns, such "
            "as: email,name"
        )
    columns = {"email": places[0]}
    if len(cells) > 1:
        columns["name"] = 1 if places[0] == 0 else 0
    return _Layout(mark, columns, len(cells), has_header=False)


def _cells_of(line: str, mark: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=mark), [])
    except csv.Error:
        return []


def _name_columns(cells: Sequence[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for place, cell in enumerate(cells):
        word = "".join(letter for letter in cell.casefold() if letter.isalnum())
        if word in _COLUMNS:
            columns.setdefault(_COLUMNS[word], place)
    return columns


def _read_cells(cells: Sequence[str], layout: _Layout, number: int) -> Listed:
    def cell(column: str) -> str:
        place = layout.columns.get(column)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    name, email = cell("name"), cell("email")
    if not name:
        name = " ".join(part for part in (cell("first"), cell("last")) if part)
    if "<" in email:
        said, email = split_mailbox(email)
        name = name or said
    return Listed(
        number,
        email=email.strip("\ufeff\u200b\u00a0").removeprefix("mailto:"),
        name=name,
        person_key=cell("person"),
        is_ragged=any(extra.strip() for extra in cells[layout.width :]),
    )
