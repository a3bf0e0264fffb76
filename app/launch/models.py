"""What a launch leaves behind: a login in progress, and a session."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.orm import Base


class OidcLogin(Base):
    """A login that was started and may be used once: state, nonce and browser in one row.

    Only hashes of the three secrets are kept. `used_at`: `None` until the
    launch; one atomic update sets it, and that settles replays and races.
    `parameters`: what the platform sent to start the login, to start it again
    in a new tab.
    `storage_hash`: hash of the secret that a page of ours put into the
    platform's storage; `None` if the browser went on without such a page.
    """

    __tablename__ = "oidc_login"

    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    nonce_hash: Mapped[str] = mapped_column(String(64))
    browser_hash: Mapped[str] = mapped_column(String(64))
    storage_hash: Mapped[str | None] = mapped_column(String(64))
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    parameters: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class LaunchSession(Base):
    """One signed-in browser: who, from which platform, until when.

    `sid_hash`: SHA-256 of the secret in the session cookie, or in the address.
    `idle_until`: where the secret is in the address, when it ends unless a page
    is opened before; `None`: the secret is in a cookie, which an address never opens.
    `frame_origin`: the LMS origin seen in the launch's return address; empty if none.
    """

    __tablename__ = "launch_session"

    sid_hash: Mapped[str] = mapped_column(String(64), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    frame_origin: Mapped[str] = mapped_column(String(300), default="")
    return_url: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    idle_until: Mapped[datetime | None]


class PrivacyVisit(Base):
    """What a data privacy launch allows: one person sees what is held about one person.

    `token`: in the page's address; it serves `viewer_id` alone. `subject_id`:
    whom it is about; `None` if Assay does not know them.
    `is_administrator`: the launch said that the viewer runs the LMS.
    """

    __tablename__ = "privacy_visit"

    token: Mapped[str] = mapped_column(String(64), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    viewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    is_administrator: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PendingLaunch(Base):
    """A checked launch whose browser has still to prove that it began the login.

    Its row goes when the ticket is used, whatever comes of it.
    `ticket_hash`: of the ticket in the waiting page, which is worth nothing alone.
    `claims_sealed`: the checked claims, encrypted with `ASSAY_SECRET_KEY`.
    """

    __tablename__ = "pending_launch"

    ticket_hash: Mapped[str] = mapped_column(String(64), unique=True)
    login_id: Mapped[int] = mapped_column(ForeignKey("oidc_login.id"))
    claims_sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
