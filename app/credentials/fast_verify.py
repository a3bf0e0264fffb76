"""The digest of a stored credential of our own, the fast way; exact for everything else."""

from collections.abc import Mapping
from typing import Any

from app.core.errors import InvalidError
from app.credentials.signing import digest_quickly


def digest_of(credential: Mapping[str, Any]) -> bytes:
    """Return the 64 bytes that the proof of a signed credential is a signature of.

    Of a credential that is not built like ours they are found by canonicalising all of it.

    Raises: `InvalidError` if any part of it would not be signed, or it has not exactly one proof.
    """
    found = credential.get("proof")
    proofs = found if isinstance(found, list) else [found]
    if len(proofs) != 1 or not isinstance(proofs[0], Mapping):
        raise InvalidError("The credential must have one proof.")
    unsigned = {name: value for name, value in credential.items() if name != "proof"}
    options = {name: value for name, value in proofs[0].items() if name != "proofValue"}
    return digest_quickly(unsigned, options)
