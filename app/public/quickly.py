"""An award that stands, found and verified by one statement; everything else takes the long way.

A link that is shared is opened by many at once. Nothing is remembered of a proof
that was checked: each visit checks it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import bindparam, exists, or_, select

from app.awards.models import Award, Visibility
from app.catalog.models import Achievement, AchievementVersion
from app.core.errors import InvalidError
from app.core.prepared import Prepared, Wire
from app.credentials.did import did_document, did_web
from app.credentials.fast_verify import digest_of
from app.credentials.verify import verify_credential
from app.evidence.consent_models import Audience, Consent
from app.programme.models import IssuerKey, IssuerProfile, KeyKind, Level
from app.programme.service import PUBLISHED
from app.public.signed import Record, check_belongs, read_credential

# No certificate, for its parts are looked up; none with work to show, for consent is.
_STANDING: Final = Prepared(
    select(
        Award.credential,
        Award.recipient_name,
        Award.awarded_at,
        Award.valid_until,
        AchievementVersion.public_id,
        IssuerProfile.did_path,
        IssuerKey.multikey,
        AchievementVersion.id,
        IssuerProfile.slug,
        Level.description,
        Level.family,
    )
    .join(AchievementVersion, AchievementVersion.id == Award.version_id)
    .join(Achievement, Achievement.id == AchievementVersion.achievement_id)
    .join(Level, Level.id == Achievement.level_id)
    .join(IssuerProfile, IssuerProfile.id == Achievement.issuer_id)
    .join(
        IssuerKey,
        (IssuerKey.id == Award.issuer_key_id) & (IssuerKey.issuer_id == Achievement.issuer_id),
    )
    .where(
        Award.public_id == bindparam("public_id", required=True),
        Award.revoked_at.is_(None),
        Award.suspended_at.is_(None),
        Award.awarded_by.is_not(None),
        Award.visibility != Visibility.PRIVATE,
        IssuerKey.kind == KeyKind.ED25519,
        or_(*(IssuerKey.status == status for status in PUBLISHED)),
        ~exists().where(Consent.award_id == Award.id, Consent.audience == Audience.PUBLIC),
    )
)


Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """An award that stands, with its verified credential.

    `rows`: of what no credential says, all that its page shows and may change.
    """

    credential: dict[str, Any]
    recipient_name: str | None
    rows: tuple[Any, ...]


def read_plain(wire: Wire, public_id: str) -> Row | None:
    """Return what is recorded of an award that stands as most do; `None` for any other."""
    return _STANDING.first(wire, {"public_id": public_id})


def check_plain(row: Row, public_id: str, *, base_url: str, now: datetime) -> Standing | None:
    """Return an award if its proof holds now.

    `None` does not say that it does not hold: the long way finds out, with words.
    """
    text, name, awarded_at, valid_until, version, did_path, multikey, *rows = row
    if valid_until is not None and valid_until <= now:
        return None
    try:
        credential = read_credential(text)
        keys = _keys(base_url, did_path, multikey)
        outcome = verify_credential(credential, did_document=keys, now=now, digest=digest_of)
        record = Record(
            address=f"{base_url}/credentials/{public_id}",
            achievement=f"{base_url}/achievements/{version}",
            awarded_at=awarded_at,
            valid_until=valid_until,
        )
        if not outcome.is_valid or credential.get("evidence"):
            return None
        check_belongs(credential, record)
    except InvalidError:
        return None
    return Standing(credential, name, (version, *rows))


@lru_cache(maxsize=64)
def _keys(base_url: str, did_path: str, multikey: str) -> dict[str, Any]:
    """Return a DID document of one key: of the others, nothing is asked."""
    did = did_web(base_url, tuple(part for part in did_path.split(":") if part))
    return did_document(did, [multikey], base_url)
