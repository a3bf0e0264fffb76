"""Data Integrity proofs (`eddsa-rdfc-2022`): the fast way, and the plain one that checks it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.core.errors import InvalidError
from app.credentials.keys import encode_multibase, load_private_key
from app.credentials.linked_data import canonical_nquads, to_quads
from app.credentials.shape import cut
from app.credentials.template import MARK, Template, TemplateCache, gap
from app.credentials.text import is_absolute_iri, is_signable, timestamp

CRYPTOSUITE: Final = "eddsa-rdfc-2022"
PROOF_TYPE: Final = "DataIntegrityProof"
PROOF_PURPOSE: Final = "assertionMethod"

_OPTIONS: Final = frozenset(
    {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose"}
)
_shapes = TemplateCache(size=256)
_proof_shapes = TemplateCache(size=8)


def sign_credential(
    credential: Mapping[str, Any],
    *,
    private_key: bytes,
    verification_method: str,
    created: datetime,
) -> dict[str, Any]:
    """Return the credential with its proof.

    Expanding JSON-LD costs twenty times as much as the rest together, so it is done once per
    shape of credential; an award's own values are put into the resulting N-Quads. A credential
    that is not built like ours is signed by `sign_canonically`, with the same outcome.

    Raises: `InvalidError` if any part of the credential would not be signed, or would be read
        differently by some verifier.
    Source: W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.2.
    """
    options = proof_options(verification_method=verification_method, created=created)
    return _with_proof(credential, options, digest_quickly(credential, options), private_key)


def sign_canonically(
    credential: Mapping[str, Any],
    *,
    private_key: bytes,
    verification_method: str,
    created: datetime,
) -> dict[str, Any]:
    """Return the credential with its proof, by canonicalising all of it.

    Raises: `InvalidError` as `sign_credential`.
    """
    options = proof_options(verification_method=verification_method, created=created)
    digest = digest_canonically(credential, options)
    return _with_proof(credential, options, digest, private_key)


def proof_options(*, verification_method: str, created: datetime) -> dict[str, str]:
    """Return a proof without its value.

    Raises: `InvalidError` if the verification method is not a well-formed IRI.
    """
    if not is_absolute_iri(verification_method):
        raise InvalidError("The id of the issuer's key is not a complete address.")
    return {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": timestamp(created),
        "verificationMethod": verification_method,
        "proofPurpose": PROOF_PURPOSE,
    }


def digest_canonically(document: Mapping[str, Any], options: Mapping[str, str]) -> bytes:
    """Return the 64 bytes that are signed: the hash of the proof's options, then the document's.

    Raises: `InvalidError` as `sign_credential`.
    Source: W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.2.4 (hashing).
    """
    configuration = canonical_nquads({"@context": document.get("@context"), **options})
    return (
        hashlib.sha256(configuration).digest() + hashlib.sha256(canonical_nquads(document)).digest()
    )


def digest_quickly(document: Mapping[str, Any], options: Mapping[str, str]) -> bytes:
    """Return what `digest_canonically` does, in a fraction of the time for a credential of ours.

    Raises: `InvalidError` as `sign_credential`.
    """
    parted = cut(document)
    if parted is not None and _is_plain(options):
        shape, values = parted
        template = find_template(shape, values)
        hashed = template.digest(values) if template else None
        if hashed is not None:
            return digest_options(document["@context"], options) + hashed
    return digest_canonically(document, options)


def _is_plain(options: Mapping[str, Any]) -> bool:
    """Say whether a proof has the members of ours, and what can stand in a gap."""
    return (
        options.keys() == _OPTIONS
        and all(isinstance(value, str) and is_signable(value) for value in options.values())
        and is_absolute_iri(options["verificationMethod"])
    )


def find_template(shape: Mapping[str, Any], values: Sequence[str]) -> Template | None:
    """Return the template of a shape; `None` if a text of the shape looks like a gap itself.

    Raises: `InvalidError` as `sign_credential`.
    """
    try:
        text = json.dumps(shape, ensure_ascii=False)
    except RecursionError:  # whoever canonicalises it says what is wrong
        return None
    if text.count(MARK) != len(values):
        return None
    return _shapes.get(text, lambda: Template(to_quads(shape), len(values)))


def digest_options(contexts: Sequence[str], options: Mapping[str, str]) -> bytes:
    """Hash a proof without its value.

    Raises: `InvalidError` if it has members that a proof of ours has not.
    """
    shape = {"@context": list(contexts), **options, "created": gap(0), "verificationMethod": gap(1)}
    template = _proof_shapes.get(json.dumps(shape), lambda: Template(to_quads(shape), gaps=2))
    hashed = template.digest([options["created"], options["verificationMethod"]])
    return hashed or hashlib.sha256(canonical_nquads({"@context": contexts, **options})).digest()


def _with_proof(
    credential: Mapping[str, Any], options: Mapping[str, str], digest: bytes, private_key: bytes
) -> dict[str, Any]:
    signature = load_private_key(private_key).sign(digest)
    # An array, because the formal schema allows nothing else.
    return {**credential, "proof": [{**options, "proofValue": encode_multibase(signature)}]}
