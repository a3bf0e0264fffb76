"""What signing takes: the key that opens the issuer's, and the address that is signed for."""

from app.core.crypto import Vault
from tests.conftest import BASE_URL, SECRET

SIGNING = {"vault": Vault(SECRET), "base_url": BASE_URL}
