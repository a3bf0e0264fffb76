"""Sign-in by the campus, and how one person is known again in a second LMS."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.orm import Base
from app.courses.models import Person


class StaffIdentity(Base):
    """The `sub` by which the campus sign-in knows a person.

    `email`: as the campus told it and had it verified, for the administrator's
    list alone; `None` if it told none. Nobody is ever found by it.
    """

    __tablename__ = "staff_identity"
    __table_args__ = (UniqueConstraint("issuer", "sub"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(500))
    sub: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(320))
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class StaffInvitation(Base):
    """A one-time link that ties one person to the campus account that signs in with it.

    `used_at`, `withdrawn_at`: `None` until then.
    """

    __tablename__ = "staff_invitation"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()

    def is_open(self, now: datetime) -> bool:
        """Return whether the link still opens something."""
        return self.used_at is None and self.withdrawn_at is None and self.expires_at > now


class StaffLogin(Base):
    """A campus sign-in that was begun and may be used once.

    `state_hash`, `browser_hash`: of the state in the address and of the secret
    in a cookie of this login alone. `next_path`: the page that was wanted; empty
    for the first one. `invitation_id`: `None` for somebody who is known already.
    `used_at`: `None` until the campus answers.
    """

    __tablename__ = "staff_login"

    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    next_path: Mapped[str] = mapped_column(String(500))
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("staff_invitation.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class StaffSession(Base):
    """One browser that came in by the campus sign-in. `sid_hash`: of the secret in its cookie."""

    __tablename__ = "staff_session"

    sid_hash: Mapped[str] = mapped_column(String(64), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("staff_identity.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SamePersonCode(Base):
    """A one-time code with which somebody says in another LMS: this is me.

    `entered_by`: who typed it there, and sees both sides until `expires_at`;
    `None` before. `confirmed_at`: when they said that both are them; the maker
    is asked then. `used_at`: when the maker said so too, or one of them said no.
    """

    __tablename__ = "same_person_code"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    confirmed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class SamePersonTry(Base):
    """A wrong code that somebody typed; too many of them and nothing is taken for a while."""

    __tablename__ = "same_person_try"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    tried_at: Mapped[datetime] = mapped_column(index=True)
