"""How far the other authors of a piece of work agree to its being shown.

Each author signs for their own award. Of work that several handed in together no
more is shown than all who hold the award have signed, and to nobody else.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.awards.models import Award
from app.evidence.consent_models import Audience, Consent, ConsentItem, ShownAs
from app.evidence.groups import list_group
from app.evidence.models import Artifact, Attempt, Submission


def find_common_form(
    session: Session, consent: Consent, item: ConsentItem, *, now: datetime
) -> ShownAs | None:
    """Return as what a piece may be shown by a consent; `None`: not at all.

    It steps down to the signer's own description, if there is one, where another
    author has not agreed to more: a redacted copy is its maker's, and is shown
    with another award only if the very same one was signed for it, too.
    """
    forms = _list_signed_forms(item)
    for other in _list_others(session, item.artifact, person_id=consent.person_id):
        theirs = _find_agreement(session, other, item.artifact, consent.audience, now=now)
        forms = [form for form in forms if theirs and _covers(theirs, item, form)]
    return forms[0] if forms else None


def has_other_authors(session: Session, artifact: Artifact, *, person_id: int) -> bool:
    """Return whether somebody else who holds the award has to agree, too."""
    return bool(_list_others(session, artifact, person_id=person_id))


def _list_signed_forms(item: ConsentItem) -> list[ShownAs]:
    """Return what the signer has agreed to, the most first."""
    if item.shown_as is ShownAs.DESCRIPTION:
        return [ShownAs.DESCRIPTION]
    return [item.shown_as, ShownAs.DESCRIPTION] if item.description else [item.shown_as]


def _covers(theirs: ConsentItem, item: ConsentItem, form: ShownAs) -> bool:
    """Whether another author's signature goes as far as one form of a piece."""
    if form is ShownAs.DESCRIPTION or theirs.shown_as is ShownAs.FULL:
        return True
    if form is ShownAs.FULL or theirs.shown_as is ShownAs.DESCRIPTION:
        return False
    return (
        theirs.redacted is not None
        and item.redacted is not None
        and theirs.redacted.sha256 == item.redacted.sha256
    )


def _list_others(session: Session, artifact: Artifact, *, person_id: int) -> list[Submission]:
    """Return the submissions of the other authors who hold the award.

    Whoever was awarded nothing has nothing to show with, and is not asked.
    """
    holder = session.get_one(Attempt, artifact.attempt_id).submission
    return [
        each
        for each in list_group(session, holder)
        if each.learner_id != person_id and _holds_award(session, each)
    ]


def _holds_award(session: Session, submission: Submission) -> bool:
    held = session.scalar(
        select(Award.id)
        .where(
            Award.person_id == submission.learner_id,
            Award.achievement_id == submission.achievement_id,
            Award.revoked_at.is_(None),
        )
        .limit(1)
    )
    return held is not None


def _find_agreement(
    session: Session, other: Submission, artifact: Artifact, audience: Audience, *, now: datetime
) -> ConsentItem | None:
    """Return what somebody signed last of a piece, if it stands and reaches this audience."""
    last = session.scalar(
        select(ConsentItem)
        .join(Consent, Consent.id == ConsentItem.consent_id)
        .where(
            Consent.person_id == other.learner_id,
            Consent.withdrawn_at.is_(None),
            ConsentItem.artifact_id == artifact.id,
        )
        .options(joinedload(ConsentItem.consent), joinedload(ConsentItem.redacted))
        .order_by(Consent.id.desc())
        .limit(1)
    )
    if last is None or last.consent.has_ended(now):
        return None
    is_enough = audience is Audience.LINK or last.consent.audience is Audience.PUBLIC
    return last if is_enough else None
