"""The files of one's own award, whoever else may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.awards.baked import award_png, award_svg
from app.awards.certificate_words import certificate_facts, certificate_words
from app.awards.models import Award
from app.awards.own import require_unrevoked
from app.awards.tokens import credential_jwt
from app.catalog.pictures import show_svg
from app.core.crypto import Vault
from app.core.errors import NotFoundError
from app.credentials.certificate_pdf import draw_certificate


@dataclass(frozen=True)
class Source:
    """What the files of an award are made from."""

    session: Session
    award: Award
    vault: Vault
    base_url: str
    now: datetime


@dataclass(frozen=True)
class OwnFile:
    """A file to keep."""

    name: str
    media_type: str
    body: bytes


def _json(source: Source) -> bytes:
    return source.award.credential.encode()


def _jwt(source: Source) -> bytes:
    token = credential_jwt(
        source.session, source.award, vault=source.vault, base_url=source.base_url
    )
    return token.encode()


def _png(source: Source) -> bytes:
    return award_png(source.session, source.award, base_url=source.base_url)


def _svg(source: Source) -> bytes:
    return award_svg(source.session, source.award, base_url=source.base_url).encode()


def _pdf(source: Source) -> bytes:
    picture = show_svg(source.session, source.award.version).body.decode()
    facts = certificate_facts(source.award, picture, base_url=source.base_url)
    return draw_certificate(facts, certificate_words(), source.award.credential)


# By its ending: how a file is made, and what it is sent as.
_FORMS: Final[dict[str, tuple[Callable[[Source], bytes], str]]] = {
    "png": (_png, "image/png"),
    "svg": (_svg, "image/svg+xml"),
    "pdf": (_pdf, "application/pdf"),
    "json": (_json, "application/vc+ld+json"),
    "jwt": (_jwt, "text/plain; charset=utf-8"),
}


def make_file(source: Source, ending: str) -> OwnFile:
    """Make one file of an award for its holder.

    Raises: `NotFoundError` if there is no such form; `ConflictError` if the award was revoked.
    """
    if ending not in _FORMS:
        raise NotFoundError("A credential has no such form.")
    require_unrevoked(source.award)
    make, media_type = _FORMS[ending]
    return OwnFile(f"{source.award.version.achievement.slug}.{ending}", media_type, make(source))
