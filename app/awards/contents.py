"""What an award's credential holds beside what its version says: results, evidence, parts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.awards.facts import award_address, award_facts, result_facts
from app.awards.models import Award, Visibility
from app.awards.shown_work import Shared, SharedItem, find_public
from app.awards.stack_models import AwardPart
from app.awards.status_lists import Entry, status_facts
from app.awards.status_models import AwardResult
from app.catalog.models import AchievementVersion
from app.credentials.facts import AwardFacts, EvidenceFacts
from app.credentials.keys import encode_multibase

_SHA2_256 = b"\x12\x20"  # multihash: the function's code, and how many bytes follow


def first_facts(
    session: Session,
    version: AchievementVersion,
    public_id: str,
    *,
    valid_until: datetime | None,
    levels: Mapping[int, int],
    trace: Mapping[int, int],
    entry: Entry,
    base_url: str,
    now: datetime,
) -> AwardFacts:
    """Say what the first credential of an award holds, before there is a row of it.

    Nobody can have agreed yet to show work with it.
    Units: `levels`: a rubric level's id by criterion's id; `trace`: an award's id by part's id.
    """
    return replace(
        award_facts(base_url, public_id, valid_until=valid_until, now=now),
        results=result_facts(version, levels, base_url),
        evidence=_traced_facts(session, trace, base_url) if trace else (),
        status=status_facts(base_url, entry),
    )


def facts_again(
    session: Session, award: Award, entry: Entry, *, base_url: str, now: datetime
) -> AwardFacts:
    """Say what an award's credential holds when it is issued again now."""
    facts = award_facts(base_url, award.public_id, valid_until=award.valid_until, now=now)
    return replace(
        facts,
        awarded_at=award.awarded_at,
        results=result_facts(award.version, read_levels(session, award.id), base_url),
        evidence=read_evidence(session, award, base_url=base_url, now=now),
        status=status_facts(base_url, entry),
    )


def read_levels(session: Session, award_id: int) -> dict[int, int]:
    """Return which rubric level was reached, by criterion's id."""
    rows = session.execute(
        select(AwardResult.criterion_id, AwardResult.rubric_level_id).where(
            AwardResult.award_id == award_id
        )
    )
    return dict(rows.all())


def levels_at(version: AchievementVersion, reached: Mapping[int, int]) -> dict[int, int]:
    """Return the ids of the rubric levels at the positions that were reached, by criterion's id."""
    return {
        criterion.id: level.id
        for criterion in version.criteria
        for level in criterion.rubric_levels
        if reached.get(criterion.id) == level.position
    }


def read_evidence(
    session: Session, award: Award, *, base_url: str, now: datetime
) -> tuple[EvidenceFacts, ...]:
    """Return what everybody may see of the work, or of a certificate's parts.

    Of a level that shows no work: nothing, whatever was handed in.
    """
    if award.version.achievement.level.shares_evidence:
        shared = find_public(session, award, now=now)
        return _work_facts(shared, base_url) if shared is not None else ()
    parts = session.scalars(
        select(Award)
        .join(AwardPart, AwardPart.part_award_id == Award.id)
        .where(AwardPart.award_id == award.id)
        .options(joinedload(Award.version))
        .order_by(Award.id)
    )
    return _parts_facts(parts.all(), base_url)


def digest_multibase(sha256: str) -> str:
    """Write a SHA-256 as the standard wants it: as a multihash, in multibase.

    Source: W3C Verifiable Credential Data Integrity 1.0, section 2.6 (digestMultibase).
    """
    return encode_multibase(_SHA2_256 + bytes.fromhex(sha256))


def _work_facts(shared: Shared, base_url: str) -> tuple[EvidenceFacts, ...]:
    address = f"{award_address(base_url, shared.award.public_id)}/evidence"
    return tuple(_piece_facts(item, address) for item in shared.items)


def _piece_facts(item: SharedItem, address: str) -> EvidenceFacts:
    """Describe one piece; only what can be fetched as a file has a digest and a type."""
    narrative = item.description or None
    file = item.copy or item.artifact
    if file is None:
        return EvidenceFacts(name=item.name, id=None, narrative=narrative)
    if file.storage_key is None or file.sha256 is None:  # a link or a text, on the page of all
        return EvidenceFacts(name=item.name, id=f"{address}#{item.id}", narrative=narrative)
    return EvidenceFacts(
        name=item.name,
        id=f"{address}/{item.id}",
        narrative=narrative,
        digest_multibase=digest_multibase(file.sha256),
        media_type=file.media_type,
    )


def _traced_facts(
    session: Session, trace: Mapping[int, int], base_url: str
) -> tuple[EvidenceFacts, ...]:
    parts = session.scalars(
        select(Award)
        .where(Award.id.in_(set(trace.values())))
        .options(joinedload(Award.version))
        .order_by(Award.id)
    )
    return _parts_facts(parts.all(), base_url)


def _parts_facts(parts: Iterable[Award], base_url: str) -> tuple[EvidenceFacts, ...]:
    """Name the awards of which a certificate consists, where their holder shows them to all.

    The micro-credentials themselves are named by the certificate's version.
    """
    return tuple(
        EvidenceFacts(name=part.version.name, id=award_address(base_url, part.public_id))
        for part in parts
        if part.visibility is Visibility.PUBLIC and part.revoked_at is None
    )
