"""Signing the credentials of one version: what they share is gathered once."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.awards.facts import achievement_facts, issuer_facts
from app.catalog.models import AchievementVersion
from app.core.crypto import Vault
from app.credentials.facts import AwardFacts, RecipientFacts
from app.credentials.keys import verification_method
from app.credentials.openbadge import build_credential, to_json
from app.credentials.signing import sign_credential
from app.programme.service import get_signing_key, issuer_did


class Signer:
    """Signs awards of one version with the key that its issuer uses now."""

    def __init__(
        self, session: Session, version: AchievementVersion, *, vault: Vault, base_url: str
    ) -> None:
        """Read the key and the facts.

        Raises: `NotFoundError` if the issuer has no key.
        """
        issuer = version.achievement.issuer
        did = issuer_did(base_url, issuer)
        self.key, self._private_key = get_signing_key(session, issuer.id, vault)
        self._achievement = achievement_facts(version, base_url)
        self._issuer = issuer_facts(issuer, did)
        self._method = verification_method(did, self.key.multikey)

    def sign(self, facts: AwardFacts, recipient: RecipientFacts, *, now: datetime) -> str:
        """Return the signed credential as the text that is stored and served.

        Raises: `InvalidError` if any part of it could not be signed.
        """
        credential = build_credential(
            facts,
            recipient,
            self._achievement,
            self._issuer,
        )
        signed = sign_credential(
            credential,
            private_key=self._private_key,
            verification_method=self._method,
            created=now,
        )
        return to_json(signed)
