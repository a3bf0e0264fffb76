"""A work of which only named parts were revised: what was said of the others before. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.assessment.models import Assessment, Capacity, Rating
from app.assessment.others import Others
from app.evidence.models import Attempt


@dataclass(frozen=True)
class Revised:
    """What an attempt changed, and what was said of the rest.

    `parts`: ids of the criteria to which it belongs. `kept`: ratings of the others, by
    criterion. `by`: whose they are. Empty, `None`: where all of the work was revised, or
    nothing that was told says more.
    """

    parts: frozenset[int]
    kept: Mapping[int, Rating]
    by: Assessment | None


NOTHING = Revised(frozenset(), {}, None)


def find_revised(attempt: Attempt, others: Others, *, person_id: int) -> Revised:
    """Return which parts an attempt revised, and what one said of the others before.

    Of several earlier assessments one's own; else the newest by a grantor that was told.
    Nothing while an appeal is open: whoever hears it rates by themselves.
    """
    is_appealed = others.appeal is not None and others.appeal.closed_at is None
    if attempt.open_parts is None or is_appealed:
        return NOTHING
    parts = frozenset(attempt.open_parts)
    before = [
        each
        for each in others.earlier
        if each.attempt_id != attempt.id
        and (each.capacity is not Capacity.ASSESSOR or each.grantor_id == person_id)
    ]
    # Newest first, and of those on the newest attempt one's own.
    before.sort(key=lambda each: (each.attempt.number, each.grantor_id == person_id), reverse=True)
    if not before:
        return Revised(parts, {}, None)
    kept = {each.criterion_id: each for each in before[0].ratings if each.criterion_id not in parts}
    return Revised(parts, kept, before[0])
