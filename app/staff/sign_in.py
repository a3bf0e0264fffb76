"""Coming in by the campus sign-in: begin, come back once, and be known by identity alone."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit
from app.core.crypto import Vault, hash_secret
from app.staff.id_tokens import BadTokenError, UnknownKeyError, WhoCame, read_id_token
from app.staff.invitations import use_up_invitation
from app.staff.models import StaffIdentity, StaffLogin
from app.staff.offices import find_offices
from app.staff.provider import Provider, SignInRefusedError
from app.staff.sessions import open_staff_session

LOGIN_SECONDS = 600
MAX_PATH = 500
# A page of this tool: no second slash, backslash or anything else that could name a host.
PART = r"[A-Za-z0-9_\-.]+"
OWN_PATH = re.compile(rf"/(?:{PART}(?:/{PART})*/?)?(?:\?[A-Za-z0-9_\-.=&%+~]*)?")
CLOSED = ("/lti/", "/staff/callback", "/staff/sign-")


@dataclass(frozen=True)
class Started:
    """A login that begins: the state for the address, the secret for the browser."""

    state: str
    browser: str

    def nonce(self, vault: Vault) -> str:
        """Return the nonce of this login; only who has both secrets and the key can make it."""
        return vault.sign(f"staff nonce {self.state} {self.browser}")

    def verifier(self, vault: Vault) -> str:
        """Return its PKCE verifier, 43 characters. Source: RFC 7636, §4.1."""
        return vault.sign(f"staff verifier {self.state} {self.browser}")


def own_path(text: str | None) -> str:
    """Return the path of a page of this tool; empty if it is none that somebody may be sent to."""
    if not text or len(text) > MAX_PATH or text.startswith(CLOSED):
        return ""
    return text if OWN_PATH.fullmatch(text) else ""


def begin_login(
    session: Session, *, next_path: str, invitation_id: int | None, now: datetime
) -> Started:
    """Begin a login; only hashes of its two secrets are kept."""
    started = Started(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    session.add(
        StaffLogin(
            state_hash=hash_secret(started.state),
            browser_hash=hash_secret(started.browser),
            next_path=own_path(next_path),
            invitation_id=invitation_id,
            created_at=now,
            expires_at=now + timedelta(seconds=LOGIN_SECONDS),
        )
    )
    session.flush()
    return started


def use_up_login(session: Session, started: Started, *, now: datetime) -> StaffLogin:
    """Use a login, once, from the browser that began it: one atomic update settles replays.

    Raises: `SignInRefusedError` if it was used, has run out, or began elsewhere.
    """
    result: Any = session.execute(
        update(StaffLogin)
        .where(
            StaffLogin.state_hash == hash_secret(started.state),
            StaffLogin.browser_hash == hash_secret(started.browser),
            StaffLogin.used_at.is_(None),
            StaffLogin.expires_at > now,
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if not result.rowcount:
        raise SignInRefusedError(
            "This sign-in was used already, has run out, or was begun in another browser. "
            "Begin again."
        )
    return session.scalars(
        select(StaffLogin).where(StaffLogin.state_hash == hash_secret(started.state))
    ).one()


def find_who_came(
    provider: Provider, started: Started, code: str, *, vault: Vault, now: datetime
) -> WhoCame:
    """Ask the provider who signed in; no transaction may be open while it answers.

    A key that is not known is looked up once.
    Raises: `ProviderDownError`; `SignInRefusedError` if the answer is not to be believed.
    """
    token, access_token = provider.fetch_id_token(code, verifier=started.verifier(vault))
    facts: dict[str, Any] = {
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "nonce": started.nonce(vault),
        "access_token": access_token,
        "now": now,
    }
    try:
        try:
            return read_id_token(token, provider.keys(), **facts)
        except UnknownKeyError:
            return read_id_token(token, provider.newer_keys(), **facts)
    except BadTokenError as error:
        raise SignInRefusedError(
            "What the campus sign-in said could not be checked, so nobody was signed in. "
            "Begin again; if it happens again, tell whoever runs Assay."
        ) from error


def admit(
    session: Session,
    who: WhoCame,
    *,
    institution_id: int,
    invitation_id: int | None,
    lasts: timedelta,
    now: datetime,
) -> str:
    """Sign in whoever this identity is tied to; return the session's secret.

    Somebody is found by issuer and `sub` alone, never by e-mail.
    Raises: `SignInRefusedError` if it is tied to nobody here, or they hold no office.
    """
    identity = session.scalar(
        select(StaffIdentity).where(
            StaffIdentity.issuer == who.issuer,
            StaffIdentity.sub == who.sub,
            StaffIdentity.institution_id == institution_id,
        )
    )
    if invitation_id is not None:
        identity = _tie(session, who, identity, invitation_id, institution_id, now=now)
    if identity is None:
        raise SignInRefusedError(
            "Your campus account is not tied to anybody here yet. An administrator of Assay can "
            "send you an invitation link; open it and sign in once more."
        )
    if not find_offices(session, identity.person_id, now=now):
        raise SignInRefusedError(
            "You are known, but hold no office here today: you are neither an administrator, nor "
            "a reviewer, nor a grantor. Your courses and credentials open from your LMS."
        )
    identity.email = who.email or identity.email
    sid = open_staff_session(session, identity, lasts=lasts, now=now)
    _audit(session, identity, "staff.signed_in", now=now)
    return sid


def _tie(
    session: Session,
    who: WhoCame,
    known: StaffIdentity | None,
    invitation_id: int,
    institution_id: int,
    *,
    now: datetime,
) -> StaffIdentity:
    """Tie the invited person to the identity that came, and use the invitation up."""
    invitation = use_up_invitation(session, invitation_id, institution_id=institution_id, now=now)
    if known is not None:
        if known.person_id != invitation.person_id:
            raise SignInRefusedError(
                "This campus account belongs to somebody else here already, so it was not tied "
                "to the invited person. Sign out of it, and open the link with your own account."
            )
        return known
    identity = StaffIdentity(
        institution_id=institution_id,
        person_id=invitation.person_id,
        issuer=who.issuer,
        sub=who.sub,
        email=who.email,
        created_at=now,
    )
    session.add(identity)
    try:
        session.flush()
    except IntegrityError as error:
        raise SignInRefusedError("This campus account was just tied to somebody.") from error
    _audit(session, identity, "staff.tied", now=now)
    return identity


def _audit(session: Session, identity: StaffIdentity, action: str, *, now: datetime) -> None:
    audit.record(
        session,
        identity.institution_id,
        actor=f"person:{identity.person_id}",
        action=action,
        subject=f"staff_identity:{identity.id}",
        facts={"person": identity.person_id, "issuer": identity.issuer},
        now=now,
    )
