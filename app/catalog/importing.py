"""What an import would do, row by row, before it does anything. Pure."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from app.core.errors import InvalidError

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"
RESULTS: Final = (REFUSED, NEW, CHANGED, UNCHANGED)
MAX_SAID: Final = 3


@dataclass(frozen=True)
class ImportRow:
    """What happens to one thing of a file.

    `where`: its place in the file, in words. `notes`: why it is refused, or
    what cannot be carried.
    """

    where: str
    name: str
    result: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportPlan:
    """Everything that an import would do; `notes` are about the file as a whole."""

    rows: tuple[ImportRow, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether something is refused, so that nothing at all is imported."""
        return any(row.result == REFUSED for row in self.rows)

    @property
    def changes_nothing(self) -> bool:
        """Whether everything is there already."""
        return all(row.result == UNCHANGED for row in self.rows)

    def count(self, result: str) -> int:
        """Return how many rows have this result."""
        return Counter(row.result for row in self.rows)[result]

    def first(self, most: int) -> tuple[ImportRow, ...]:
        """Return the rows to show: refused ones first, then as in the file."""
        ordered = sorted(self.rows, key=lambda row: RESULTS.index(row.result))
        return tuple(
            replace(row, name=plain(row.name), notes=tuple(map(plain, row.notes)))
            for row in ordered[:most]
        )

    def require_importable(self) -> None:
        """Refuse an import of which anything is refused.

        Raises: `InvalidError` naming the first places.
        """
        refused = [row for row in self.rows if row.result == REFUSED]
        if not refused:
            return
        told = "; ".join(f"{row.where}: {' '.join(row.notes)}" for row in refused[:MAX_SAID])
        more = f"; and {len(refused) - MAX_SAID} more" if len(refused) > MAX_SAID else ""
        raise InvalidError(plain(f"Nothing was imported. {told}{more}"))


def plain(text: str) -> str:
    """Return text of a file so that it can be shown: what cannot be printed is a question mark."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
