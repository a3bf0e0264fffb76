"""The committee's endorsement of one version of an achievement, signed once."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.orm import Base


class VersionEndorsement(Base):
    """One signed endorsement; every award of the version carries it from then on.

    `credential`: the signed Open Badges 3.0 document. `issuer_key_id`: the
    endorser's key; once that is revoked, the endorsement is signed anew.
    """

    __tablename__ = "version_endorsement"

    version_id: Mapped[int] = mapped_column(ForeignKey("achievement_version.id"), unique=True)
    issuer_key_id: Mapped[int] = mapped_column(ForeignKey("issuer_key.id"))
    credential: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime]
