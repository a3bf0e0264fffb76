"""Whether a credential is what its issuer signed, and holds at a given moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.core.errors import InvalidError
from app.credentials.base58btc import decode_signature
from app.credentials.keys import multikey_to_public
from app.credentials.openbadge import CONTEXTS
from app.credentials.signing import CRYPTOSUITE, PROOF_PURPOSE, PROOF_TYPE, digest_canonically

_SIGNATURE_BYTES: Final = 64
_ACHIEVEMENT_TYPES: Final = frozenset({"OpenBadgeCredential", "AchievementCredential"})
_PROOF_MEMBERS: Final = frozenset(
    {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}
)


Digest = Callable[[Mapping[str, Any]], bytes]


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome; `reason` says what is wrong, and is `None` when nothing is."""

    is_valid: bool
    reason: str | None


def digest_exactly(document: Mapping[str, Any]) -> bytes:
    """Return the 64 bytes that the one proof of a document is a signature of, the slow way.

    Raises: `InvalidError` if any part of the document would not be signed.
    """
    proof = _read_proof(document)
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    return digest_canonically(unsigned, options)


def verify_credential(
    document: Mapping[str, Any],
    *,
    did_document: Mapping[str, Any],
    now: datetime,
    digest: Digest = digest_exactly,
) -> Verification:
    """Verify a credential against the DID document of its issuer.

    Unless another `digest` is given, the whole document is canonicalised anew, so the fast way
    of signing is checked as well. Give one for stored credentials of our own only.

    Units: `now` is aware.
    Source: Open Badges 3.0, verification; W3C Data Integrity EdDSA Cryptosuites 1.0,
        section 3.2.2.
    """
    try:
        _check_structure(document)
        proof = _read_proof(document)
        public_key = _find_key(proof, document["issuer"]["id"], did_document)
        _check_signature(proof, public_key, digest(document))
        _check_period(document, now)
    except InvalidError as error:
        return Verification(is_valid=False, reason=str(error))
    return Verification(is_valid=True, reason=None)


def _check_structure(document: Mapping[str, Any]) -> None:
    if tuple(_list(document, "@context")[: len(CONTEXTS)]) != CONTEXTS:
        raise InvalidError("The document's contexts are not those of Open Badges 3.0.")
    types = _texts(document, "type")
    if "VerifiableCredential" not in types or not _ACHIEVEMENT_TYPES.intersection(types):
        raise InvalidError("The document is not an Open Badges 3.0 credential.")
    for name in ("id", "validFrom"):
        _text(document, name)
    _text(_mapping(document, "issuer"), "id")
    subject = _mapping(document, "credentialSubject")
    if "AchievementSubject" not in _texts(subject, "type"):
        raise InvalidError("The credential's subject is not somebody's achievement.")
    _text(_mapping(subject, "achievement"), "name")


def _read_proof(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = document.get("proof")
    proofs = found if isinstance(found, list) else [found]
    if len(proofs) != 1 or not isinstance(proofs[0], Mapping):
        raise InvalidError("The credential must have one proof.")
    proof: Mapping[str, Any] = proofs[0]
    if proof.keys() != _PROOF_MEMBERS:
        raise InvalidError("The proof has members too many or too few.")
    for name in _PROOF_MEMBERS:
        _text(proof, name)
    if proof["type"] != PROOF_TYPE or proof["cryptosuite"] != CRYPTOSUITE:
        raise InvalidError(f"The proof is not of the kind {CRYPTOSUITE}.")
    if proof["proofPurpose"] != PROOF_PURPOSE:
        raise InvalidError("The proof was not made for asserting anything.")
    _moment(proof, "created")
    return proof


def _find_key(
    proof: Mapping[str, Any], issuer_id: str, did_document: Mapping[str, Any]
) -> Ed25519PublicKey:
    """Return the key that the proof names, if the issuer vouches for it today."""
    method_id = proof["verificationMethod"]
    if did_document.get("id") != issuer_id:
        raise InvalidError("The DID document is not the issuer's.")
    if method_id not in _list(did_document, "assertionMethod"):
        raise InvalidError("The issuer does not list the key of this proof.")
    for method in _list(did_document, "verificationMethod"):
        if isinstance(method, Mapping) and method.get("id") == method_id:
            if method.get("type") != "Multikey" or method.get("controller") != issuer_id:
                raise InvalidError("The key of this proof is not the issuer's Multikey.")
            return _load_key(_text(method, "publicKeyMultibase"))
    raise InvalidError("The issuer's DID document does not hold the key of this proof.")


@lru_cache(maxsize=64)
def _load_key(multikey: str) -> Ed25519PublicKey:
    """Return a public key; few issuers sign for many visitors."""
    return multikey_to_public(multikey)


def _check_signature(proof: Mapping[str, Any], public_key: Ed25519PublicKey, digest: bytes) -> None:
    signature = decode_signature(proof["proofValue"], size=_SIGNATURE_BYTES)
    try:
        public_key.verify(signature, digest)
    except InvalidSignature as error:
        raise InvalidError("The credential was changed after it was signed.") from error


def _check_period(document: Mapping[str, Any], now: datetime) -> None:
    if now < _moment(document, "validFrom"):
        raise InvalidError("The credential is not valid yet.")
    if "validUntil" in document and now >= _moment(document, "validUntil"):
        raise InvalidError("The credential has expired.")


def _moment(document: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(document, name))
    except ValueError as error:
        raise InvalidError(f"“{name}” is not a time.") from error
    if moment.tzinfo is None:
        raise InvalidError(f"“{name}” has no time zone.")
    return moment


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidError(f"“{name}” is missing.")
    return value


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    if not isinstance(value, list):
        raise InvalidError(f"“{name}” must be an array.")
    return value


def _texts(document: Mapping[str, Any], name: str) -> list[str]:
    values = _list(document, name)
    if not all(isinstance(value, str) for value in values):
        raise InvalidError(f"“{name}” must be an array of texts.")
    return values


def _mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    if not isinstance(value, Mapping):
        raise InvalidError(f"“{name}” must be an object.")
    return value
