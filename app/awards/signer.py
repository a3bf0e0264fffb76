"""Signing the credentials of one version: what they share is gathered once."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.awards.endorsing import find_endorsement
from app.awards.facts import achievement_facts, issuer_facts
from app.catalog.models import AchievementVersion
from app.core.crypto import Vault
from app.credentials.facts import AwardFacts, RecipientFacts
from app.credentials.keys import verification_method
from app.credentials.mould import Mould
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
        facts = replace(
            achievement_facts(version, base_url), endorsement=find_endorsement(session, version)
        )
        self._mould = Mould(facts, issuer_facts(issuer, did))
        self._method = verification_method(did, self.key.multikey)

    def sign(self, facts: AwardFacts, recipient: RecipientFacts, *, now: datetime) -> str:
        """Return the signed credential as the text that is stored and served.

        Raises: `InvalidError` if any part of it could not be signed.
        """
        return self._mould.sign(
            facts,
            recipient,
            private_key=self._private_key,
            verification_method=self._method,
            created=now,
        )
