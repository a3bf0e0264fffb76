"""The words by which a learner agrees to show work with an award. Pure.

Source: 34 CFR 99.30: a consent is signed and dated, and says which records may
be disclosed, for what purpose, and to which party or class of parties.
"""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

# Changes with the words, so that a consent says which ones were signed.
EDITION = "2026-11"
PURPOSE = "To show, together with the credential, the work for which it was awarded."
LINK_PARTY = "Whoever has the address that you give out, and nobody else."
PUBLIC_PARTY = "Everybody who opens the public page of the credential."

_WORDS = """\
I hold the credential “{title}” of {issuer}. I agree that the records listed here are shown \
with it.

Records:
{records}

Purpose: {purpose}

To whom: {party}{until}

I know that I need not agree: the decision on my work, my grade and my credential do not depend \
on it. I can take this back at any time; from that moment nothing is shown any more. What somebody \
has seen or copied before cannot be taken back.{third_parties}"""
_THIRD_PARTIES = """

Other people can be recognised in these records, or have taken part in them. They have agreed to \
being shown."""


@dataclass(frozen=True)
class SharedRecord:
    """One artifact as it is to be shown; `sha256` and `redacted_sha256` in hexadecimal.

    `shown_as`: `full`, `redacted` or `description`. `description`: the words shown
    in its place, or beside it. `redacted_sha256`: of the redacted copy, or `None`.
    """

    artifact_id: int
    name: str
    sha256: str
    shown_as: str
    description: str = ""
    redacted_sha256: str | None = None


def write_consent(
    *,
    title: str,
    issuer: str,
    records: Sequence[SharedRecord],
    is_public: bool,
    link_ends_at: datetime | None,
    has_third_parties: bool,
) -> str:
    """Return the exact text that is shown, signed and kept."""
    until = f" Until {link_ends_at.date().isoformat()}." if link_ends_at and not is_public else ""
    return _WORDS.format(
        title=title,
        issuer=issuer,
        records="\n".join(_write_record(record) for record in records),
        purpose=PURPOSE,
        party=PUBLIC_PARTY if is_public else LINK_PARTY,
        until=until,
        third_parties=_THIRD_PARTIES if has_third_parties else "",
    )


def digest_consent(
    text: str,
    records: Sequence[SharedRecord],
    *,
    signed_name: str,
    signed_at: datetime,
    launch: str,
) -> str:
    """Return the SHA-256 over everything that was signed, in hexadecimal."""
    said = {
        "edition": EDITION,
        "text": text,
        "records": [asdict(record) for record in records],
        "signed_name": signed_name,
        "signed_at": signed_at.isoformat(),
        "launch": launch,
    }
    written = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def is_same_name(typed: str, known: str | None) -> bool:
    """Return whether a typed name can be the known one: the same words, however they are written.

    Where the LMS told no name, any will do that has a letter.
    """
    words = _words(typed)
    if not words:
        return False
    return known is None or not _words(known) or words == _words(known)


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in letters).split()


def _write_record(record: SharedRecord) -> str:
    line = f"- {record.name} (SHA-256 {record.sha256})"
    if record.shown_as == "full":
        return f"{line}, in full"
    if record.shown_as == "redacted":
        return f"{line}, as a redacted copy (SHA-256 {record.redacted_sha256})"
    return f"{line}, by this description only: {record.description}"
