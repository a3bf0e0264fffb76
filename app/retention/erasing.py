"""What goes when somebody is forgotten, and what the law keeps."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import case, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.assessment.desk_models import AssessmentDraft, Presence, SavedComment
from app.core.errors import ConflictError
from app.courses.models import Person
from app.evidence.consent_models import Consent
from app.evidence.group_models import GroupInvitation
from app.evidence.models import Artifact, Attempt, Submission
from app.evidence.redacting import drop_unsigned
from app.evidence.upload_models import Upload
from app.retention.holds import find_hold_on, take_turn
from app.retention.planning import list_classes

if TYPE_CHECKING:
    from app.programme.rules import RetentionClass

FORGOTTEN = ""
# What a learner wrote of a draft or its page told; digests and sizes say nothing of anybody.
OWN_WORDS = ("text", "url", "title", "note", "final_host", "capture_problem")
# Their page names each file; should they ever come back, it has something to say.
ERASED_NAME = "deleted"
STAYS = {
    "unshared_artifact": "Work that was handed in",
    "shared_artifact": "Work that was shown, and redacted copies of it",
    "assessment_record": "How it was assessed",
    "disclosure": "Consents and the record of disclosures",
    "award": "Awards and what verifies them",
    "proposal": "Proposals and votes",
}


@dataclass(frozen=True)
class Erased:
    """What went. `upload_keys`: files on their way, whose bytes are to be deleted."""

    drafts: int
    consents_ended: int
    saved_comments: int
    upload_keys: tuple[str, ...]


def refuse_if_held(session: Session, person: Person) -> None:
    """Refuse to forget somebody whose records are held: all of theirs, or one work of theirs.

    Raises: `ConflictError`.
    """
    take_turn(session, person.institution_id)
    if find_hold_on(session, person.id) is not None:
        raise ConflictError(
            "A legal hold stands on this person's records: nothing can be erased before it is "
            "lifted."
        )


def list_what_stays(session: Session, institution_id: int) -> list[str]:
    """Return in words what an erasure leaves, and for how long."""
    rules: dict[str, RetentionClass] = {
        rule.kind: rule for rule in list_classes(session, institution_id)
    }
    told = []
    for kind, words in STAYS.items():
        rule = rules.get(kind)
        if rule is None or rule.months is None:
            told.append(f"{words}: kept under a number.")
        else:
            told.append(
                f"{words}: kept under a number for {rule.months} months after the decision."
            )
    return told


def erase_records(session: Session, person: Person, *, now: datetime) -> Erased:
    """Erase what nobody needs any more, and end every consent, of somebody who is forgotten.

    Of a signature the name goes; that it was given, when, in which session and under
    which words stays, and so does the digest over all of it and the name: whoever
    knows the name can still show by it that it was the one.
    What was handed in and assessed is the institution's record; it goes when its
    class says so (`planning`).
    Raises: as `refuse_if_held`.
    """
    refuse_if_held(session, person)
    consents = session.scalars(
        select(Consent).where(Consent.person_id == person.id, Consent.withdrawn_at.is_(None))
    ).all()
    for consent in consents:
        consent.withdrawn_at = now
    session.execute(
        update(Consent).where(Consent.person_id == person.id).values(signed_name=FORGOTTEN)
    )
    drop_unsigned(session, None, person_id=person.id, now=now)
    # The draft of a group is the others' too: it stays.
    other = aliased(Submission)
    own = select(Submission.id).where(
        Submission.learner_id == person.id,
        Submission.lead_id.is_(None),
        ~exists().where(other.lead_id == Submission.id),
    )
    session.execute(
        delete(GroupInvitation).where(
            GroupInvitation.person_id == person.id, GroupInvitation.answered_at.is_(None)
        )
    )
    drafts = session.scalars(
        select(Artifact.id)
        .join(Attempt, Attempt.id == Artifact.attempt_id)
        .where(
            Attempt.submission_id.in_(own),
            or_(Attempt.submitted_at.is_(None), Attempt.withdrawn_at.is_not(None)),
            Artifact.deleted_at.is_(None),
        )
    ).all()
    session.execute(
        update(Artifact)
        .where(Artifact.id.in_(drafts))
        .values(
            deleted_at=now,
            file_name=case((Artifact.file_name.is_not(None), ERASED_NAME)),
            **dict.fromkeys(OWN_WORDS),
        )
    )
    uploads = session.scalars(select(Upload).where(Upload.person_id == person.id)).all()
    keys = tuple(upload.storage_key for upload in uploads if upload.finished_at is None)
    for upload in uploads:
        session.delete(upload)
    saved = session.scalars(select(SavedComment).where(SavedComment.person_id == person.id)).all()
    for comment in saved:
        session.delete(comment)
    session.execute(delete(Presence).where(Presence.person_id == person.id))
    session.execute(delete(AssessmentDraft).where(AssessmentDraft.person_id == person.id))
    session.flush()
    return Erased(len(drafts), len(consents), len(saved), keys)
