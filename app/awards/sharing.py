"""How a credential is shown elsewhere: on a LinkedIn profile, on a page of one's own. Pure."""

from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import quote, urlencode

from app.awards.baked import baked_png_address
from app.awards.facts import award_address
from app.awards.models import Award, Visibility

_LINKEDIN: Final = "https://www.linkedin.com/profile/add"
_EMBEDDED_WIDTH: Final = 200  # pixels; the picture itself is larger, for dense screens


def is_shown(award: Award) -> bool:
    """Return whether strangers find an award that counts, or did, at its address."""
    return award.visibility is not Visibility.PRIVATE and award.revoked_at is None


def linkedin_address(award: Award, *, base_url: str, now: datetime) -> str | None:
    """Return where a LinkedIn member adds the award to their profile.

    `None` while it is not valid, or while nobody who follows the link there could check it.
    Source: LinkedIn, Add to Profile. It stands nowhere how values are written, so all are
        percent-encoded, spaces too.
    """
    is_valid = award.suspended_at is None and not award.has_expired(now)
    if not is_shown(award) or not is_valid:
        return None
    facts = {
        "startTask": "CERTIFICATION_NAME",
        "name": award.version.name,
        "organizationName": award.version.achievement.issuer.name,
        "issueYear": award.awarded_at.year,
        "issueMonth": award.awarded_at.month,
    }
    if award.valid_until is not None:
        facts["expirationYear"] = award.valid_until.year
        facts["expirationMonth"] = award.valid_until.month
    facts["certUrl"] = award_address(base_url, award.public_id)
    facts["certId"] = award.public_id
    return f"{_LINKEDIN}?{urlencode(facts, quote_via=quote, safe='')}"


def embed_code(award: Award, *, base_url: str) -> str | None:
    """Return HTML that shows the award on another page; `None` if strangers do not see it.

    Its picture has the credential inside, and is gone once the award is revoked.
    """
    if not is_shown(award):
        return None
    link = escape(award_address(base_url, award.public_id))
    picture = escape(baked_png_address(base_url, award.public_id))
    name = escape(f"{award.version.name} – {award.version.achievement.issuer.name}")
    return (
        f'<a href="{link}"><img src="{picture}" alt="{name}" '
        f'width="{_EMBEDDED_WIDTH}" height="{_EMBEDDED_WIDTH}"></a>'
    )
