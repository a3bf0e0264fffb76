"""Signed credentials of one achievement, cast instead of built: text with gaps, and its digest.

Building a credential and writing it as JSON costs more than its signature. Of awards of one
achievement only some short texts differ, so the JSON of the first is kept with gaps, beside the
template of its N-Quads. What comes out is letter for letter what `build_credential`,
`sign_credential` and `to_json` make of the same facts.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final

from app.credentials.facts import (
    AchievementFacts,
    AwardFacts,
    IssuerFacts,
    RecipientFacts,
    ResultFacts,
)
from app.credentials.keys import encode_multibase, load_private_key
from app.credentials.openbadge import build_credential, identity_texts, to_json
from app.credentials.openbadge_parts import check_results, status_entry
from app.credentials.shape import cut
from app.credentials.signing import digest_options, find_template, proof_options, sign_credential
from app.credentials.template import GAP, Template
from app.credentials.text import encode_iri, timestamp

_MOST_CASTS: Final = 64

# What a credential has, beside its values: whoever is like it in this has the same shape.
_Kind = tuple[bool, str, bool, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Cast:
    """The JSON of one shape, cut at its gaps, and the template of its N-Quads.

    `numbers`: which value goes after which piece.
    """

    contexts: tuple[str, ...]
    pieces: tuple[str, ...]
    numbers: tuple[int, ...]
    template: Template


@lru_cache(maxsize=256)
class Mould:
    """Casts the credentials of one achievement and issuer."""

    def __init__(self, achievement: AchievementFacts, issuer: IssuerFacts) -> None:
        """Keep what all of them share."""
        self._achievement = achievement
        self._issuer = issuer
        self._levels: dict[tuple[str, str], str] = {}
        self._casts: dict[_Kind, _Cast | None] = {}

    def sign(
        self,
        award: AwardFacts,
        recipient: RecipientFacts,
        *,
        private_key: bytes,
        verification_method: str,
        created: datetime,
    ) -> str:
        """Return the signed credential as the text that is stored and served.

        Raises: `InvalidError` as `build_credential` and `sign_credential`.
        """
        cast = None if award.evidence else self._find_cast(award, recipient)
        if cast is not None:
            values = self._values(award, recipient)
            hashed = cast.template.digest(values)
            if hashed is not None:
                options, proof = _proof(cast.contexts, verification_method, created)
                signature = load_private_key(private_key).sign(options + hashed)
                return _write(cast, values, proof, signature)
        signed = sign_credential(
            build_credential(award, recipient, self._achievement, self._issuer),
            private_key=private_key,
            verification_method=verification_method,
            created=created,
        )
        return to_json(signed)

    def _find_cast(self, award: AwardFacts, recipient: RecipientFacts) -> _Cast | None:
        kind = (
            award.valid_until is None,
            str(recipient.identity_type),
            award.status is None,
            tuple(reached.criterion_id for reached in award.results),
        )
        if kind not in self._casts:
            if len(self._casts) >= _MOST_CASTS:
                self._casts.clear()
            self._casts[kind] = self._make_cast(award, recipient)
        return self._casts[kind]

    def _make_cast(self, award: AwardFacts, recipient: RecipientFacts) -> _Cast | None:
        """Build one credential in full and cut it; `None` if it cannot be cut exactly."""
        credential = build_credential(award, recipient, self._achievement, self._issuer)
        parted = cut(credential)
        if parted is None or parted[1] != self._values(award, recipient):
            return None
        shape, values = parted
        template = find_template(shape, values)
        if template is None:
            return None
        pieces = GAP.split(to_json(shape)[:-1])
        return _Cast(
            contexts=tuple(credential["@context"]),
            pieces=tuple(pieces[::2]),
            numbers=tuple(map(int, pieces[1::2])),
            template=template,
        )

    def _values(self, award: AwardFacts, recipient: RecipientFacts) -> list[str]:
        """Return what goes into the gaps, in the order of `shape.cut`."""
        awarded_at = timestamp(award.awarded_at)
        valid_from = awarded_at
        if award.valid_from != award.awarded_at:
            valid_from = timestamp(award.valid_from)
        values = [encode_iri(award.id), valid_from, awarded_at]
        if award.valid_until is not None:
            values.append(timestamp(award.valid_until))
        values += identity_texts(recipient)
        values += [self._level_address(reached) for reached in award.results]
        if award.status is not None:
            entry = status_entry(award.status)
            values += [entry["id"], entry["statusListIndex"], entry["statusListCredential"]]
        return values

    def _level_address(self, reached: ResultFacts) -> str:
        address = self._levels.get((reached.criterion_id, reached.level_id))
        if address is None:
            check_results((reached,), self._achievement)
            address = encode_iri(reached.level_id)
            self._levels[reached.criterion_id, reached.level_id] = address
        return address


@lru_cache(maxsize=16)
def _proof(contexts: tuple[str, ...], method: str, created: datetime) -> tuple[bytes, str]:
    """Return the digest of a proof's options, and its JSON as far as it goes without its value."""
    options = proof_options(verification_method=method, created=created)
    return digest_options(contexts, options), to_json({"proof": [options]})[1 : -len("}]}")]


def _write(cast: _Cast, values: list[str], proof: str, signature: bytes) -> str:
    """Return the JSON with its values and its proof."""
    written = [cast.pieces[0]]
    for number, piece in zip(cast.numbers, cast.pieces[1:], strict=True):
        # The quotation marks stand in the pieces already.
        written += (encode_basestring(values[number])[1:-1], piece)
    return f'{"".join(written)},{proof},"proofValue":"{encode_multibase(signature)}"}}]}}'
