"""What a grantor's queue is narrowed to, as addresses carry it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from app.assessment.promise import SOON

MAX_ROW_ID = 2**31 - 1  # PostgreSQL's `integer`
AGES = (1, 3, 7, 14)  # days
NAMES = ("achievement", "course", "age", "promise", "state")


class PromiseState(StrEnum):
    """Which promises are looked for."""

    SOON = "soon"
    MISSED = "missed"


class QueueState(StrEnum):
    """How the work that is looked for stands.

    `question`: also work that does not wait for a decision.
    """

    WAITING = "waiting"
    MINE = "mine"
    STARTED_BY_ME = "started_by_me"
    STARTED_BY_OTHERS = "started_by_others"
    RECOMMENDED = "recommended"
    ANOTHER = "another"
    DISPUTED = "disputed"
    QUESTION = "question"
    APPEAL = "appeal"


@dataclass(frozen=True)
class Filters:
    """What the queue is narrowed to; `None`: not by this.

    `age_days`: handed in longer ago than that.
    """

    achievement_id: int | None = None
    course_id: int | None = None
    age_days: int | None = None
    promise: PromiseState | None = None
    state: QueueState | None = None

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Filters":
        """Read them from an address; what makes no sense there is as if it were not there."""
        age = read_id(args.get("age"))
        promise, state = args.get("promise"), args.get("state")
        return cls(
            achievement_id=read_id(args.get("achievement")),
            course_id=read_id(args.get("course")),
            age_days=age if age in AGES else None,
            promise=PromiseState(promise) if promise in set(PromiseState) else None,
            state=QueueState(state) if state in set(QueueState) else None,
        )

    @property
    def args(self) -> dict[str, str]:
        """What an address says of them."""
        values = (self.achievement_id, self.course_id, self.age_days, self.promise, self.state)
        return {
            name: str(value) for name, value in zip(NAMES, values, strict=True) if value is not None
        }

    def without(self, name: str) -> dict[str, str]:
        """Return what an address says of them when one is taken off."""
        return {each: value for each, value in self.args.items() if each != name}

    @property
    def is_by_age(self) -> bool:
        """Whether the oldest comes first, promised or not."""
        return self.age_days is not None

    def span(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return after and up to when a promise ends that is looked for."""
        if self.promise is PromiseState.SOON:
            return now, now + SOON
        return None, now if self.promise is PromiseState.MISSED else None

    def handed_in_before(self, now: datetime) -> datetime | None:
        """Return up to when work was handed in that is looked for."""
        return None if self.age_days is None else now - timedelta(days=self.age_days)


NO_FILTERS = Filters()


@dataclass(frozen=True)
class Place:
    """A place in the queue, between its rows: `at` is what the queue is sorted by."""

    at: datetime
    submission_id: int

    def __str__(self) -> str:
        """Write it for an address."""
        return f"{self.at.isoformat()}~{self.submission_id}"

    @classmethod
    def find(cls, text: str | None) -> "Place | None":
        """Read it from an address; `None` if it is not one, or none that a row can have."""
        written, _, number = (text or "").partition("~")
        submission_id = read_id(number)
        try:
            moment = datetime.fromisoformat(written)
            if moment.tzinfo is None or submission_id is None:
                return None
            # A moment at the edge of the calendar has no place in it in UTC.
            return cls(moment.astimezone(UTC), submission_id)
        except (ValueError, OverflowError):
            return None


def read_id(text: str | None) -> int | None:
    """Read the id of a row; `None` if it is none that a row can have."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > len(str(MAX_ROW_ID)):
        return None
    number = int(text)
    return number if number <= MAX_ROW_ID else None
