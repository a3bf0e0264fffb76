"""A learner's consent to show assessed work with an award: what can be shown, sign, withdraw."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.assessment.consent_editions import show_in_credentials
from app.assessment.consent_text import (
    EDITION,
    PURPOSE,
    SharedRecord,
    digest_consent,
    is_same_name,
    write_consent,
)
from app.assessment.shareable import Candidate, list_candidates
from app.awards.models import Award
from app.core import audit
from app.core.crypto import Vault, hash_secret
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.courses.models import Person
from app.evidence.consent_models import Audience, Consent, ConsentItem, RedactedCopy, ShownAs
from app.evidence.models import ScanState
from app.evidence.texts import drop_controls

SECRET_BYTES = 32
MAX_DESCRIPTION = 2000
# A link that ends later has no end.
LONGEST = timedelta(days=36_525)


@dataclass(frozen=True)
class Choice:
    """How one artifact is to be shown. `redacted_id`: the learner's copy, for `redacted`."""

    artifact_id: int
    shown_as: ShownAs
    description: str = ""
    redacted_id: int | None = None


@dataclass(frozen=True)
class Signature:
    """How a consent is signed: the typed name, the tick, and the session of the launch."""

    name: str
    agrees: bool
    launch: str


@dataclass(frozen=True)
class Terms:
    """To whom, until when, and what of other people."""

    audience: Audience
    link_ends_at: datetime | None = None
    has_third_parties: bool = False
    third_parties_agree: bool = False


def find_standing_consent(session: Session, award_id: int) -> Consent | None:
    """Return the consent that stands for an award, with its items."""
    return session.scalar(
        select(Consent)
        .where(Consent.award_id == award_id, Consent.withdrawn_at.is_(None))
        .options(
            selectinload(Consent.items).joinedload(ConsentItem.artifact),
            selectinload(Consent.items).joinedload(ConsentItem.redacted),
        )
        .order_by(Consent.id.desc())
        .limit(1)
    )


def list_consents(session: Session, award_id: int) -> list[Consent]:
    """Return every consent that was ever signed for an award, newest first."""
    return list(
        session.scalars(
            select(Consent)
            .where(Consent.award_id == award_id)
            .options(selectinload(Consent.items))
            .order_by(Consent.id.desc())
        )
    )


def prepare_records(
    session: Session, award: Award, choices: Sequence[Choice]
) -> list[SharedRecord]:
    """Return what is to be shown, checked.

    Raises: `InvalidError` if nothing is chosen, something is named twice or may not
        be shown, or a description or redacted copy is missing.
    """
    if not choices:
        raise InvalidError("Choose at least one piece of work to show.")
    if len({each.artifact_id for each in choices}) < len(choices):
        raise InvalidError("One of the pieces of work is named twice. Load the page again.")
    possible = {each.artifact.id: each for each in list_candidates(session, award)}
    return [_prepare(session, award, possible.get(each.artifact_id), each) for each in choices]


def check_terms(terms: Terms, *, now: datetime) -> None:
    """Refuse terms that cannot be signed.

    Raises: `InvalidError` if others who can be recognised have not agreed, or a link
        would end before it begins, or after anybody's lifetime.
    """
    if terms.has_third_parties and not terms.third_parties_agree:
        raise InvalidError("Other people can be recognised: they have to agree first.")
    if terms.link_ends_at is None:
        return
    if terms.link_ends_at <= now:
        raise InvalidError("The link would end before it begins: choose a later day.")
    if terms.link_ends_at > now + LONGEST:
        raise InvalidError("Choose an earlier day, or leave it empty: then the link has no end.")


def write_terms(award: Award, records: Sequence[SharedRecord], terms: Terms) -> str:
    """Return the text that is signed."""
    return write_consent(
        title=award.version.name,
        issuer=award.achievement.issuer.name,
        records=records,
        is_public=terms.audience is Audience.PUBLIC,
        link_ends_at=terms.link_ends_at,
        has_third_parties=terms.has_third_parties,
    )


def sign_consent(
    session: Session,
    award: Award,
    choices: Sequence[Choice],
    terms: Terms,
    signature: Signature,
    *,
    person: Person,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Consent:
    """Sign a consent; one that stood before ends with it.

    What everybody may see enters the credential by a new edition of it.

    Raises: as `prepare_records`; `NotFoundError` for somebody else's award;
        `ConflictError` if it is revoked; `InvalidError` if it is not signed by
        name and tick, or others who can be recognised have not agreed.
    """
    if award.person_id != person.id or not award.achievement.level.shares_evidence:
        raise NotFoundError("There is no credential of yours here with which work could be shown.")
    session.refresh(award, with_for_update={"of": Award})
    if award.revoked_at is not None:
        raise ConflictError("This credential was revoked: nothing can be shown with it.")
    records = prepare_records(session, award, choices)
    _check_signature(signature, terms, person, now)
    changed = [each for each in list_consents(session, award.id) if each.withdrawn_at is None]
    for earlier in changed:
        _end(session, earlier, person, "consent.replaced", now=now)
    text, name = write_terms(award, records, terms), drop_controls(signature.name)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    consent = Consent(
        institution_id=award.institution_id,
        person_id=person.id,
        submission_id=_first_submission(session, award, records),
        award_id=award.id,
        audience=terms.audience,
        purpose=PURPOSE,
        text=text,
        text_edition=EDITION,
        signed_name=name,
        signed_at=now,
        launch_id=signature.launch,
        has_third_parties=terms.has_third_parties,
        third_parties_agree=terms.third_parties_agree,
        secret_hash=hash_secret(secret),
        secret_sealed=vault.seal(secret.encode()),
        digest=digest_consent(
            text, records, signed_name=name, signed_at=now, launch=signature.launch
        ),
        link_ends_at=terms.link_ends_at if terms.audience is Audience.LINK else None,
        items=[_item(record, choice) for record, choice in zip(records, choices, strict=True)],
    )
    session.add(consent)
    session.flush()
    facts = {
        "consent": consent.id,
        "digest": consent.digest,
        "audience": consent.audience.value,
        "artifacts": [{"id": r.artifact_id, "shown_as": r.shown_as} for r in records],
    }
    _audit(session, consent, person, "consent.signed", facts, now=now)
    show_in_credentials(
        session,
        [*changed, consent],
        actor=f"person:{person.id}",
        vault=vault,
        base_url=base_url,
        now=now,
    )
    return consent


def withdraw_consent(
    session: Session,
    consent: Consent,
    *,
    person: Person,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Take a consent back: nothing is shown by it from here on, nor named in the credential.

    Raises: `NotFoundError` if it is somebody else's; `ConflictError` if it has ended.
    """
    if consent.person_id != person.id:
        raise NotFoundError("There is no such consent of yours.")
    session.refresh(consent, with_for_update={"of": Consent})
    if consent.withdrawn_at is not None:
        raise ConflictError("This consent has ended already; nothing is shown by it.")
    _end(session, consent, person, "consent.withdrawn", now=now)
    show_in_credentials(
        session, [consent], actor=f"person:{person.id}", vault=vault, base_url=base_url, now=now
    )


def get_own_consent(session: Session, consent_id: int, *, person_id: int) -> Consent:
    """Return a consent that somebody signed, also one that has ended.

    Raises: `NotFoundError`.
    """
    consent = session.scalar(
        select(Consent).where(Consent.id == consent_id, Consent.person_id == person_id)
    )
    if consent is None:
        raise NotFoundError("There is no such consent of yours.")
    return consent


def _prepare(
    session: Session, award: Award, candidate: Candidate | None, choice: Choice
) -> SharedRecord:
    if candidate is None or candidate.why_not:
        raise InvalidError("One of the pieces of work cannot be shown. Load the page again.")
    description = drop_controls(choice.description)
    if len(description) > MAX_DESCRIPTION:
        raise InvalidError(f"A description may have {MAX_DESCRIPTION} characters at most.")
    if choice.shown_as is ShownAs.DESCRIPTION and not description:
        raise InvalidError(f"Describe “{candidate.name}”: that is what is shown in its place.")
    redacted_sha256 = None
    if choice.shown_as is ShownAs.REDACTED:
        redacted_sha256 = _get_redacted(session, award, candidate, choice.redacted_id).sha256
    return SharedRecord(
        artifact_id=candidate.artifact.id,
        name=candidate.name,
        sha256=candidate.artifact.sha256,
        shown_as=choice.shown_as.value,
        description=description,
        redacted_sha256=redacted_sha256,
    )


def _get_redacted(
    session: Session, award: Award, candidate: Candidate, redacted_id: int | None
) -> RedactedCopy:
    copy = session.get(RedactedCopy, redacted_id) if redacted_id else None
    if (
        copy is None
        or copy.person_id != award.person_id
        or copy.artifact_id != candidate.artifact.id
        or copy.deleted_at is not None
        or copy.original_sha256 != candidate.artifact.sha256
    ):
        raise InvalidError(f"Add a redacted copy of “{candidate.name}” first.")
    if copy.scan_state is ScanState.INFECTED:
        raise InvalidError(
            f"Malware was found in your redacted copy of “{candidate.name}”: send a clean one."
        )
    return copy


def _check_signature(signature: Signature, terms: Terms, person: Person, now: datetime) -> None:
    if not signature.agrees:
        raise InvalidError("Tick that you agree, or leave everything as it is.")
    if not is_same_name(signature.name, person.name):
        raise InvalidError("Sign with your full name, as it stands in your course.")
    check_terms(terms, now=now)


def _first_submission(session: Session, award: Award, records: Sequence[SharedRecord]) -> int:
    chosen = {record.artifact_id for record in records}
    return next(
        each.submission.id for each in list_candidates(session, award) if each.artifact.id in chosen
    )


def _item(record: SharedRecord, choice: Choice) -> ConsentItem:
    return ConsentItem(
        artifact_id=record.artifact_id,
        shown_as=choice.shown_as,
        sha256=record.sha256,
        redacted_id=choice.redacted_id if choice.shown_as is ShownAs.REDACTED else None,
        description=record.description,
    )


def _end(session: Session, consent: Consent, person: Person, action: str, *, now: datetime) -> None:
    consent.withdrawn_at = now
    session.flush()
    _audit(session, consent, person, action, {"consent": consent.id}, now=now)


def _audit(
    session: Session,
    consent: Consent,
    person: Person,
    action: str,
    facts: dict[str, Any],
    *,
    now: datetime,
) -> None:
    audit.record(
        session,
        consent.institution_id,
        actor=f"person:{person.id}",
        action=action,
        subject=f"award:{consent.award_id}",
        facts=facts,
        now=now,
    )
