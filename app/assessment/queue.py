"""What waits for a grantor, from every course and LMS of theirs. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.assessment.promise import PromiseClock, read_clock
from app.assessment.queue_filters import NO_FILTERS, Filters, Place, QueueState
from app.assessment.queue_rows import Marks, list_holders, read_marks
from app.assessment.queue_scopes import Branch, branch, list_scopes
from app.assessment.queue_statements import count_kept_away, count_places, read_places
from app.assessment.queue_works import SIZES, Work, list_assessable, read_works
from app.core.principal import Principal
from app.evidence.models import Submission

PAGE_SIZE = 25
# Beyond this nobody needs the figure, and to count it would read the whole queue.
COUNTED = 1_000
# `find_next` looks at so many at first, and at four times more at each turn, up to the last.
FIRST_LOOK, MOST_AT_ONCE = SIZES[0], SIZES[-1]


@dataclass(frozen=True)
class QueueRow:
    """One work in the queue.

    `name`: of the learner, or a stand-in. `holders`: names of those to whom it is
    allocated, `is_mine`: among them the person who asks. `place`: where it stands.
    """

    work: Work
    place: Place
    name: str
    clock: PromiseClock | None
    marks: Marks
    holders: list[str]
    is_mine: bool


@dataclass(frozen=True)
class QueuePage:
    """One page of a grantor's queue.

    `before`, `after`: where the pages around it begin; `None` where there is none.
    `count`: how much is in the queue, up to `COUNTED` + 1.
    """

    rows: list[QueueRow]
    before: Place | None
    after: Place | None
    count: int

    @property
    def is_countless(self) -> bool:
        """Whether there is more than was counted."""
        return self.count > COUNTED


def list_queue(
    session: Session,
    grantor: Principal,
    filters: Filters = NO_FILTERS,
    *,
    after: Place | None = None,
    before: Place | None = None,
    now: datetime,
) -> QueuePage:
    """Return a page of what waits for a grantor: what is promised first, then the oldest.

    From every course of theirs, but nothing that a conflict of interest keeps from
    them. Of what is filtered by age, the oldest comes first, promised or not.
    """
    branches = _branches(session, grantor, filters, now=now)
    is_backwards = before is not None and after is None
    found = _read(
        session,
        grantor,
        branches,
        filters,
        place=before if is_backwards else after,
        is_backwards=is_backwards,
        now=now,
    )
    shown = found[:PAGE_SIZE]
    has_more = len(found) > PAGE_SIZE
    if is_backwards:
        shown.reverse()
    if not shown:
        return QueuePage([], None, None, 0)
    has_before = has_more if is_backwards else after is not None
    has_after = is_backwards or has_more
    is_all = not has_before and not has_after
    return QueuePage(
        _dress(session, grantor, shown, now=now),
        before=shown[0][0] if has_before else None,
        after=shown[-1][0] if has_after else None,
        count=len(shown) if is_all else _count(session, grantor, branches, filters, now=now),
    )


def find_next(
    session: Session,
    grantor: Principal,
    filters: Filters = NO_FILTERS,
    *,
    after: Place | None = None,
    now: datetime,
) -> Submission | None:
    """Return the next submission that a grantor can assess, as the queue is sorted and filtered.

    Not what others have, nor what the grantor has assessed already. `after`: a place
    in the queue, as of the work that was just done or skipped.
    """
    branches = _branches(session, grantor, filters, now=now)
    look = FIRST_LOOK
    is_taken = filters.state is QueueState.STARTED_BY_OTHERS
    while True:
        places = read_places(
            session,
            branches,
            filters,
            person_id=grantor.person_id,
            place=after,
            is_backwards=False,
            limit=look,
            now=now,
        )
        ids = [place.submission_id for place in places]
        possible = list_assessable(session, grantor, ids, is_taken=is_taken, now=now)
        for place in places:
            if place.submission_id in possible:
                return session.get_one(Submission, place.submission_id)
        if len(places) < look:
            return None
        after, look = places[-1], min(4 * look, MOST_AT_ONCE)


def find_next_on(
    session: Session, grantor: Principal, filters: Filters, page: QueuePage, *, now: datetime
) -> int | None:
    """Return the id of what to assess next: the first that can be on a page, or behind it."""
    for row in page.rows:
        if _is_possible(row, grantor, filters):
            return row.work.id
    if page.after is None:
        return None
    following = find_next(session, grantor, filters, after=page.after, now=now)
    return following.id if following else None


def find_previous(
    session: Session,
    grantor: Principal,
    filters: Filters = NO_FILTERS,
    *,
    before: Place,
    now: datetime,
) -> Submission | None:
    """Return what stands before a place in the queue, whoever has it."""
    branches = _branches(session, grantor, filters, now=now)
    found = _read(
        session, grantor, branches, filters, place=before, is_backwards=True, now=now, most=1
    )
    return session.get_one(Submission, found[0][1].id) if found else None


def find_place(submission: Submission, filters: Filters = NO_FILTERS) -> Place | None:
    """Return where a submission stands in the queue; `None` while it is only a draft."""
    at = submission.submitted_at if filters.is_by_age else submission.queue_at
    return Place(at, submission.id) if at is not None else None


def _is_possible(row: QueueRow, grantor: Principal, filters: Filters) -> bool:
    """Tell of a row what `find_next` asks the database."""
    holder_id = row.work.assessor_id
    is_free = holder_id in {None, grantor.person_id}
    if filters.state is QueueState.STARTED_BY_OTHERS:
        is_free = holder_id is not None
    is_usable = row.work.why_unusable is None
    return is_free and is_usable and not row.marks.is_own and (row.is_mine or not row.holders)


def _branches(
    session: Session, grantor: Principal, filters: Filters, *, now: datetime
) -> list[Branch]:
    return branch(
        list_scopes(session, grantor, now=now),
        achievement_id=filters.achievement_id,
        course_id=filters.course_id,
        moderated_only=filters.state is QueueState.DISPUTED,
    )


def _read(
    session: Session,
    grantor: Principal,
    branches: Sequence[Branch],
    filters: Filters,
    *,
    place: Place | None,
    is_backwards: bool,
    now: datetime,
    most: int = PAGE_SIZE,
) -> list[tuple[Place, Work]]:
    """Return a page of works and one more, if there is one; without those in conflict."""
    found: list[tuple[Place, Work]] = []
    look = most + 1
    while True:
        places = read_places(
            session,
            branches,
            filters,
            person_id=grantor.person_id,
            place=place,
            is_backwards=is_backwards,
            limit=look,
            now=now,
        )
        loaded = read_works(session, grantor, [each.submission_id for each in places], now=now)
        found += [
            (each, loaded[each.submission_id]) for each in places if each.submission_id in loaded
        ]
        if len(found) > most or len(places) < look:
            return found[: most + 1]
        place, look = places[-1], min(4 * look, MOST_AT_ONCE)


def _dress(
    session: Session, grantor: Principal, shown: Sequence[tuple[Place, Work]], *, now: datetime
) -> list[QueueRow]:
    ids = [work.id for _, work in shown]
    marks = read_marks(session, ids, person_id=grantor.person_id)
    holders = list_holders(session, ids)
    return [
        QueueRow(
            work=work,
            place=place,
            name=_name(work),
            clock=read_clock(work.promised_at, now=now),
            marks=marks[work.id],
            holders=[name for _, name in holders[work.id]],
            is_mine=grantor.person_id in {person_id for person_id, _ in holders[work.id]},
        )
        for place, work in shown
    ]


def _name(work: Work) -> str:
    """Return whose work it is; empty where nobody is to know: the page says another name."""
    return "" if work.is_anonymous else work.learner_name


def _count(
    session: Session,
    grantor: Principal,
    branches: Sequence[Branch],
    filters: Filters,
    *,
    now: datetime,
) -> int:
    """Count what is in the queue, up to a figure that is enough to know."""
    person_id = grantor.person_id
    count = count_places(session, branches, filters, person_id=person_id, most=COUNTED + 1, now=now)
    if count > COUNTED:
        return count
    return count - count_kept_away(
        session, branches, filters, person_id=person_id, most=COUNTED, now=now
    )
