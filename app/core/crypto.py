"""Encryption of private keys at rest, signatures of our own, hashes of compared secrets."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Vault:
    """Seals small secrets with a key derived from `ASSAY_SECRET_KEY`."""

    def __init__(self, secret_key: str) -> None:
        """Derive the sealing key. Source: RFC 5869 (HKDF)."""
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"assay keys at rest")
        self._fernet = Fernet(base64.urlsafe_b64encode(derived.derive(secret_key.encode())))
        signing = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"assay references")
        self._signing_key = signing.derive(secret_key.encode())
        chain = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"assay audit heads")
        self._chain_key = chain.derive(secret_key.encode())

    def sign(self, text: str) -> str:
        """Return the signature of a text that others carry for us; the same text has the same."""
        made = hmac.digest(self._signing_key, text.encode(), "sha256")
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    def is_signed(self, text: str, signature: str) -> bool:
        """Return whether a signature is ours, of this text."""
        return hmac.compare_digest(self.sign(text).encode(), signature.encode())

    def sign_end(self, institution_id: int, number: int, entry_hash: str) -> str:
        """Return the seal of the end of an audit chain, in hexadecimal."""
        said = f"{institution_id}:{number}:{entry_hash}"
        return hmac.digest(self._chain_key, said.encode(), "sha256").hex()

    def seal(self, secret: bytes) -> str:
        """Return the secret encrypted and authenticated, as text for a column."""
        return self._fernet.encrypt(secret).decode()

    def open(self, sealed: str) -> bytes:
        """Return the secret again.

        Raises: `RuntimeError` if `ASSAY_SECRET_KEY` is not the one it was sealed with.
        """
        try:
            return self._fernet.decrypt(sealed.encode())
        except InvalidToken as error:
            raise RuntimeError(
                "A stored key cannot be read: ASSAY_SECRET_KEY is not the one it was sealed with."
            ) from error


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a random secret, in hexadecimal, to store instead of it.

    What a stranger sends for one may hold half a character: it has a hash too, and fits nothing.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
