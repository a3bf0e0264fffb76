"""The survival package: all that proves an award, for the day when nobody answers any more."""

import io
import json
import zipfile
from datetime import datetime
from typing import Any, Final

from app.awards.facts import award_address
from app.awards.issuer_documents import read_did_document, read_token_keys
from app.awards.models import Award
from app.awards.own import require_unrevoked
from app.awards.own_files import OwnFile, Source, make_file
from app.awards.tokens import has_tokens
from app.credentials.offline_page import offline_page
from app.programme.service import issuer_did

# Each file of an award, and under which name it lies in the package.
_NAMES: Final = {
    "pdf": "certificate.pdf",
    "png": "badge.png",
    "svg": "badge.svg",
    "json": "credential.json",
}
_SIGNED: Final = "credential.jwt"
_PAGE: Final = "verify.html"
_README: Final = """\
{name}
{issuer}

This is everything that proves a credential, to be kept: saved on {day}.

{listed}
{check}
Who holds the credential is written into it as a salted hash of
{identity}: nobody can read that from it,
but whoever is told it can compare.

Whether it was revoked since, its page says, as long as there is one:
{address}

did.json and jwks.json are the issuer's public keys, as they stood that day at
the address that its DID names: {did}
Compare them with what stands there, or with what the issuer has printed, before
you trust them: whoever makes such a package could put in other keys.
"""
_ABOUTS: Final = {
    "certificate.pdf": "to print or to hand in; credential.json is attached to it",
    "badge.png": "the badge with the credential inside, for backpacks, profiles",
    "badge.svg": "the same, sharp at any size",
    "credential.json": "the credential: Open Badges 3.0, signed (eddsa-rdfc-2022)",
    _SIGNED: "the same as a signed token (VC-JWT, RS256)",
    _PAGE: "verifies credential.jwt in your browser, without the internet",
    "did.json": "the issuer's public keys, as a DID document",
    "jwks.json": "the issuer's public keys of tokens, as a JWK set",
}
_OFFLINE: Final = """\
To verify it without the internet, open verify.html in a browser: it loads
nothing and sends nothing. For credential.json, any verifier of Open Badges 3.0
will do that takes the keys in did.json.
"""
_BARE: Final = """\
The issuer signed no tokens on that day, so there is no file here that verifies
itself. Any verifier of Open Badges 3.0 will do that takes the keys in did.json.
"""


def make_package(source: Source) -> OwnFile:
    """Make the package of an award for its holder.

    Raises: `ConflictError` if it was revoked; `NotFoundError` if none of the issuer's keys is to be
        trusted.
    """
    require_unrevoked(source.award)
    issuer = source.award.version.achievement.issuer
    did_document = read_did_document(source.session, issuer, base_url=source.base_url)
    keys = read_token_keys(source.session, issuer, base_url=source.base_url)
    files = {name: make_file(source, ending).body for ending, name in _NAMES.items()}
    if has_tokens(source.session, source.award):
        token = make_file(source, "jwt").body
        files |= {_SIGNED: token, _PAGE: _verifier(source, token.decode(), keys).encode()}
    files |= {"did.json": _as_json(did_document), "jwks.json": _as_json({"keys": keys})}
    readme = _readme(source.award, list(files), base_url=source.base_url, now=source.now)
    name = f"{source.award.version.achievement.slug}.zip"
    body = _zipped({"README.txt": readme.encode(), **files}, now=source.now)
    return OwnFile(name, "application/zip", body)


def _verifier(source: Source, token: str, keys: list[dict[str, Any]]) -> str:
    award = source.award
    return offline_page(
        token,
        did=issuer_did(source.base_url, award.version.achievement.issuer),
        keys=keys,
        address=award_address(source.base_url, award.public_id),
        now=source.now,
    )


def _readme(award: Award, names: list[str], *, base_url: str, now: datetime) -> str:
    credential = json.loads(award.credential)
    subject = credential["credentialSubject"]
    is_email = subject["identifier"][0]["identityType"] == "emailAddress"
    return _README.format(
        name=subject["achievement"]["name"],
        issuer=credential["issuer"]["name"],
        day=now.date().isoformat(),
        listed="".join(f"{name:<17}{_ABOUTS[name]}\n" for name in names),
        check=_OFFLINE if _PAGE in names else _BARE,
        identity="an e-mail address" if is_email else "the user id in a learning platform",
        address=award_address(base_url, award.public_id),
        did=issuer_did(base_url, award.version.achievement.issuer),
    )


def _as_json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _zipped(files: dict[str, bytes], *, now: datetime) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, body in files.items():
            # A file of the day, readable by everybody, not of this machine's user.
            entry = zipfile.ZipInfo(name, now.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            package.writestr(entry, body)
    return made.getvalue()
