"""The files of one award: its picture with the signed credential inside, its 2.0 assertion."""

import json
from typing import Any

from sqlalchemy.orm import Session

from app.awards.facts import award_address
from app.awards.models import Award
from app.catalog.models import AchievementVersion
from app.catalog.pictures import show_png, show_svg
from app.core.errors import InvalidError, NotFoundError
from app.credentials.baking import bake_png, bake_svg
from app.credentials.facts import EvidenceFacts, RecipientFacts
from app.credentials.openbadge import to_json
from app.credentials.openbadge2 import build_assertion, build_revoked
from app.credentials.raster import DEFAULT_SIZE
from app.programme.models import IssuerProfile

BY_EMAIL_ONLY = (
    "There is no Open Badges 2.0 form of this credential: it knows its holder by the user id of "
    "a learning platform, and Open Badges 2.0 knows nobody but by e-mail address. Its "
    "Open Badges 3.0 form is complete."
)


def assertion_address(base_url: str, public_id: str) -> str:
    """Return where an award's Open Badges 2.0 assertion is hosted, which is also its id."""
    return f"{base_url}/ob2/assertions/{public_id}"


def badge_class_address(base_url: str, version: AchievementVersion) -> str:
    """Return where a version's Open Badges 2.0 badge class stands."""
    return f"{base_url}/ob2/badges/{version.public_id}"


def issuer2_address(base_url: str, issuer: IssuerProfile) -> str:
    """Return where an issuer's Open Badges 2.0 profile stands."""
    return f"{base_url}/ob2/issuers/{issuer.slug}"


def baked_png_address(base_url: str, public_id: str) -> str:
    """Return where an award's picture stands with its credential inside."""
    return f"{award_address(base_url, public_id)}.png"


def get_assertion(award: Award, *, base_url: str) -> dict[str, Any]:
    """Return the Open Badges 2.0 assertion of an award; of one that does not hold, the bare form.

    That generation knows no suspension: while one lasts, the assertion is revoked.
    Whose it is and which evidence it names is read from the signed credential.

    Raises: `NotFoundError`, with words, if the holder is not known by e-mail address.
    """
    address = assertion_address(base_url, award.public_id)
    if award.revoked_at is not None:
        return build_revoked(address, award.revocation_reason)
    if award.suspended_at is not None:
        return build_revoked(address, f"Suspended: {award.suspension_reason}")
    credential = json.loads(award.credential)
    identity = credential["credentialSubject"]["identifier"][0]
    try:
        return build_assertion(
            address=address,
            badge_url=badge_class_address(base_url, award.version),
            image_url=baked_png_address(base_url, award.public_id),
            recipient=RecipientFacts(
                hash=identity["identityHash"],
                salt=identity["salt"],
                identity_type=identity["identityType"],
            ),
            awarded_at=award.awarded_at,
            expires_at=award.valid_until,
            evidence=[_evidence(piece) for piece in credential.get("evidence", ())],
        )
    except InvalidError as error:
        raise NotFoundError(BY_EMAIL_ONLY) from error


def award_png(session: Session, award: Award, *, base_url: str, size: int = DEFAULT_SIZE) -> bytes:
    """Return the PNG of an award with both generations of its credential inside.

    Units: `size` is its width in pixels. Raises: `NotFoundError` for a size that is not kept.
    """
    picture = show_png(session, award.version, size).body
    return bake_png(picture, ob3=award.credential, ob2=_assertion_text(award, base_url))


def award_svg(session: Session, award: Award, *, base_url: str) -> str:
    """Return the SVG of an award with both generations of its credential inside."""
    picture = show_svg(session, award.version).body.decode()
    return bake_svg(picture, ob3=award.credential, ob2=_assertion_text(award, base_url))


def _assertion_text(award: Award, base_url: str) -> str | None:
    try:
        return to_json(get_assertion(award, base_url=base_url))
    except NotFoundError:
        return None


def _evidence(piece: dict[str, Any]) -> EvidenceFacts:
    return EvidenceFacts(
        name=piece.get("name", ""),
        id=piece.get("id"),
        narrative=piece.get("narrative"),
        genre=piece.get("genre"),
    )
