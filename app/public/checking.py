"""Whether something that somebody brought is a credential of ours that holds. Nothing is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.awards.facts import award_address
from app.awards.models import Award, Visibility
from app.core.errors import InvalidError, NotFoundError
from app.credentials.jwt import verify_jwt
from app.credentials.presented import Presented, check_header, claimed_issuer, read_presented
from app.credentials.text import encode_iri
from app.credentials.verify import verify_credential
from app.programme.models import IssuerProfile
from app.programme.service import issuer_did, list_issuers
from app.public.service import check_award, get_did_document, get_shown_award
from app.public.signed import ShownFacts, read_credential, signed_facts


class Outcome(StrEnum):
    """How something that was brought stands."""

    VALID = "valid"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    REPLACED = "replaced"
    REFUSED = "refused"
    NOT_OURS = "not_ours"


@dataclass(frozen=True)
class Answer:
    """What is said of it.

    `reason`: in plain words, where the outcome does not say everything. `facts`:
    what its issuer signed; `None` if that is not proven. `page`: the address of
    the award's own page; `None` if there is none to be seen.
    """

    outcome: Outcome
    checked_at: datetime
    reason: str | None = None
    facts: ShownFacts | None = None
    page: str | None = None


def check_presented(session: Session, data: bytes, *, base_url: str, now: datetime) -> Answer:
    """Verify a badge that somebody brought, by the keys and the records of this installation.

    Nothing is fetched, whatever address it names: a badge of another issuer is
    said to be another's.
    """
    try:
        presented = read_presented(data)
        if presented.address is not None:
            return _check_hosted(session, presented.address, base_url=base_url, now=now)
        issuer = _find_issuer(session, claimed_issuer(presented), base_url)
        if issuer is None:
            return Answer(Outcome.NOT_OURS, now)
        keys = get_did_document(session, issuer, base_url)
        credential = _prove(presented, keys)
        return _check_status(session, credential, base_url=base_url, now=now)
    except (InvalidError, NotFoundError) as error:
        return Answer(Outcome.REFUSED, now, reason=str(error))


def _prove(presented: Presented, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what was signed. Raises: `InvalidError` if nothing was, by this issuer."""
    if presented.token is not None:
        check_header(presented.token)
        return verify_jwt(presented.token, did_document=keys)
    credential = presented.credential or {}
    # Whether it holds today is asked later: a signature of the past is one all the same.
    outcome = verify_credential(credential, did_document=keys, now=_moment(credential, "validFrom"))
    if not outcome.is_valid:
        raise InvalidError(outcome.reason)
    return credential


def _check_status(
    session: Session, credential: Mapping[str, Any], *, base_url: str, now: datetime
) -> Answer:
    facts = signed_facts(credential)
    award = _find_award(session, str(credential["id"]), base_url)
    if award is None:
        raise InvalidError("It is signed by this issuer, but there is no such award here.")
    page = None
    if award.visibility is not Visibility.PRIVATE:
        page = award_address(base_url, award.public_id)

    def answer(outcome: Outcome, reason: str | None = None) -> Answer:
        return Answer(outcome, now, reason=reason, facts=facts, page=page)

    if award.revoked_at is not None:
        return answer(Outcome.REVOKED, award.revocation_reason)
    if award.suspended_at is not None:
        return answer(Outcome.SUSPENDED, award.suspension_reason)
    newest = read_credential(award.credential)
    if _moment(credential, "validFrom") < _moment(newest, "validFrom"):
        return answer(Outcome.REPLACED)
    if now < _moment(credential, "validFrom"):
        return answer(Outcome.REFUSED, "The credential is not valid yet.")
    if facts.expires_at is not None and facts.expires_at <= now:
        return answer(Outcome.EXPIRED)
    return answer(Outcome.VALID)


def _check_hosted(session: Session, address: str, *, base_url: str, now: datetime) -> Answer:
    """Say how the award stands that an address names: of such a badge nothing else counts."""
    public_id = _id_in(address, base_url)
    if public_id is None:
        return Answer(Outcome.NOT_OURS, now)
    award = get_shown_award(session, public_id)
    verdict = check_award(session, award, base_url=base_url, now=now)
    outcome = Outcome.VALID if verdict.is_valid else Outcome.REFUSED
    if verdict.is_revoked:
        outcome = Outcome.REVOKED
    elif verdict.is_suspended:
        outcome = Outcome.SUSPENDED
    elif verdict.is_expired:
        outcome = Outcome.EXPIRED
    facts = None if outcome is Outcome.REFUSED else verdict.facts
    page = award_address(base_url, award.public_id)
    return Answer(outcome, now, reason=verdict.reason, facts=facts, page=page)


def _find_issuer(session: Session, issuer_id: str | None, base_url: str) -> IssuerProfile | None:
    if issuer_id is None:
        raise InvalidError("The credential names no issuer.")
    known = list_issuers(session)
    return next((each for each in known if issuer_did(base_url, each) == issuer_id), None)


def _find_award(session: Session, address: str, base_url: str) -> Award | None:
    public_id = _id_in(address, encode_iri(base_url))
    if public_id is None:
        return None
    return session.scalar(select(Award).where(Award.public_id == public_id))


def _id_in(address: str, base_url: str) -> str | None:
    """Return which award an address of this installation names; `None` for any other address."""
    for room in ("credentials", "ob2/assertions"):
        before = f"{base_url}/{room}/"
        if address.startswith(before):
            rest = address.removeprefix(before)
            return rest.partition("?")[0].partition("#")[0].partition(".")[0]
    return None


def _moment(credential: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(credential[name])
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidError(f"“{name}” is missing, or is no time.") from error
    if moment.tzinfo is None:
        raise InvalidError(f"“{name}” has no time zone.")
    return moment
