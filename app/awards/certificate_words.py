"""What the PDF of an award says: the facts that were signed, and the words around them."""

import json
from datetime import UTC, datetime

from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from app.awards.facts import award_address
from app.awards.models import Award
from app.credentials.certificate_pdf import ATTACHMENT, CertificateFacts, CertificateWords


def certificate_facts(award: Award, picture: str, *, base_url: str) -> CertificateFacts:
    """Return what the page says: what the credential says that is attached to it.

    The holder's name alone is not in there; it stands as it was when the award was made.
    """
    credential = json.loads(award.credential)
    achievement = credential["credentialSubject"]["achievement"]
    dates = [(str(_("Awarded")), _day(award.awarded_at))]
    if award.valid_until is not None:
        dates.append((str(_("Valid until")), _day(award.valid_until)))
    return CertificateFacts(
        holder=award.recipient_name or str(_("the holder of the attached credential")),
        name=achievement["name"],
        description=achievement["description"],
        level=award.version.achievement.level.name,
        family=award.version.achievement.level.family,
        issuer=credential["issuer"]["name"],
        skills=tuple(skill["targetName"] for skill in achievement.get("alignment", ())),
        dates=tuple(dates),
        awarded_at=award.awarded_at,
        signed_at=datetime.fromisoformat(credential["validFrom"]),
        address=award_address(base_url, award.public_id),
        picture=picture,
        picture_alt=award.version.image_alt,
    )


def certificate_words() -> CertificateWords:
    """Return the words of the page, in the reader's language."""
    locale = get_locale()
    return CertificateWords(
        lang=locale.language if locale else "en",
        certifies=_("This is to certify that"),
        earned=_("has earned"),
        skills=_("Skills:"),
        verify=_("Verify it, and see whether it still holds, at"),
        attachment=_(
            "The signed credential is attached to this file as %(name)s.", name=ATTACHMENT
        ),
        attached=_("The signed credential (Open Badges 3.0)"),
        code=_("QR code that leads to the address on this page"),
    )


def _day(moment: datetime) -> str:
    return str(format_date(moment.astimezone(UTC).date(), "long", rebase=False))
