"""Levels, issuers with their keys, and the appointments of grantors."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from app.core import audit
from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.credentials.did import did_web
from app.credentials.keys import generate_private_key, public_multikey
from app.platforms.models import KeyStatus
from app.programme.issuers import check_issuer
from app.programme.models import GrantorAppointment, IssuerKey, IssuerProfile, Level
from app.programme.preset import Preset

if TYPE_CHECKING:
    from app.courses.models import Person

# A revoked key leaves the DID document, so nothing signed with it verifies any more.
PUBLISHED: Final = (KeyStatus.NEXT, KeyStatus.ACTIVE, KeyStatus.RETIRING)


@dataclass(frozen=True)
class LoadedProgramme:
    """What loading a preset did, by level key; `kept` are levels that the preset has not."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]


def load_programme(
    session: Session, institution_id: int, preset: Preset, *, actor: str, now: datetime
) -> LoadedProgramme:
    """Make the institution's levels those of the preset.

    Levels are found again by key. One that the preset does not name stays:
    achievements and awards may hang on it.
    """
    known = {level.key: level for level in list_levels(session, institution_id)}
    added, changed, unchanged = [], [], []
    for position, spec in enumerate(preset.levels):
        wanted = spec.model_dump(exclude={"key", "image"})
        wanted |= {"position": position, "image_svg": preset.images[spec.key]}
        level = known.pop(spec.key, None)
        if level is None:
            session.add(Level(institution_id=institution_id, key=spec.key, **wanted))
            added.append(spec.key)
        elif any(getattr(level, name) != value for name, value in wanted.items()):
            for name, value in wanted.items():
                setattr(level, name, value)
            changed.append(spec.key)
        else:
            unchanged.append(spec.key)
    session.flush()
    if added or changed:
        audit.record(
            session,
            institution_id,
            actor=actor,
            action="programme.loaded",
            subject=f"institution:{institution_id}",
            facts={"preset": preset.name, "added": added, "changed": changed},
            now=now,
        )
    return LoadedProgramme(tuple(added), tuple(changed), tuple(unchanged), tuple(known))


def list_levels(session: Session, institution_id: int) -> list[Level]:
    """Return the institution's levels in the preset's order."""
    return list(
        session.scalars(
            select(Level)
            .where(Level.institution_id == institution_id)
            .order_by(Level.position, Level.id)
        )
    )


def add_issuer(
    session: Session,
    institution_id: int,
    *,
    slug: str,
    name: str,
    url: str,
    email: str | None,
    description: str | None,
    vault: Vault,
    actor: str,
    now: datetime,
) -> IssuerProfile:
    """Add an organisation in whose name awards are made, with its first signing key.

    The first issuer of the installation is the one whose DID document stands at
    `/.well-known/did.json`; later ones have a path of their own. Slugs are
    unique in the whole installation, because `/issuers/<slug>` is.

    Raises: `ConflictError` if the slug is taken; `InvalidError` naming the wrong value.
    """
    facts = check_issuer(slug=slug, name=name, url=url, email=email, description=description)
    if find_issuer(session, facts.slug) is not None:
        raise ConflictError(f"There is an issuer “{slug}” already; choose another slug.")
    is_first = session.scalar(select(IssuerProfile.id).limit(1)) is None
    issuer = IssuerProfile(
        institution_id=institution_id,
        did_path="" if is_first else f"issuers:{facts.slug}",
        created_at=now,
        **facts.model_dump(),
    )
    session.add(issuer)
    try:
        session.flush()
    except IntegrityError as error:  # the unique path settles a race between two commands
        raise ConflictError("Another issuer has just been added; try again.") from error
    key = _add_key(session, issuer, vault=vault, now=now)
    audit.record(
        session,
        institution_id,
        actor=actor,
        action="issuer.created",
        subject=f"issuer:{issuer.id}",
        facts={"slug": issuer.slug, "did_path": issuer.did_path, "multikey": key.multikey},
        now=now,
    )
    return issuer


def find_issuer(session: Session, slug: str) -> IssuerProfile | None:
    """Return the issuer of this slug, whatever its institution, if there is one."""
    return session.scalar(select(IssuerProfile).where(IssuerProfile.slug == slug))


def list_issuers(session: Session) -> list[IssuerProfile]:
    """Return every issuer of the installation, oldest first, with its keys."""
    return list(
        session.scalars(
            select(IssuerProfile)
            .options(selectinload(IssuerProfile.keys))
            .order_by(IssuerProfile.id)
        )
    )


def issuer_did(base_url: str, issuer: IssuerProfile) -> str:
    """Return the issuer's DID under the tool's public address."""
    return did_web(base_url, tuple(part for part in issuer.did_path.split(":") if part))


def get_signing_key(session: Session, issuer_id: int, vault: Vault) -> tuple[IssuerKey, bytes]:
    """Return the key with which the issuer signs now, and its private half.

    Raises: `NotFoundError` if it has none.
    """
    key = session.scalar(
        select(IssuerKey)
        .where(IssuerKey.issuer_id == issuer_id, IssuerKey.status == KeyStatus.ACTIVE)
        .order_by(IssuerKey.id.desc())
        .limit(1)
    )
    if key is None:
        raise NotFoundError("The issuer has no signing key: ask the programme administrator.")
    return key, vault.open(key.private_key_sealed)


def list_published_multikeys(session: Session, issuer_id: int) -> list[str]:
    """Return the public keys that stand in the issuer's DID document, oldest first."""
    return list(
        session.scalars(
            select(IssuerKey.multikey)
            .where(IssuerKey.issuer_id == issuer_id, IssuerKey.status.in_(PUBLISHED))
            .order_by(IssuerKey.id)
        )
    )


def appoint_grantor(
    session: Session,
    institution_id: int,
    *,
    achievement_id: int,
    person_id: int,
    starts_at: datetime | None,
    ends_at: datetime | None,
    trained_on: datetime | None,
    actor: str,
    now: datetime,
) -> GrantorAppointment:
    """Give a person the right to assess for and award one achievement.

    Appointing somebody again finds the appointment that has not ended, and
    changes only what is said: `None` starts a new one now, without end or
    training, and leaves a standing one as it is.

    Raises: `InvalidError` if it would end before it starts.
    """
    standing = find_standing_appointment(
        session, person_id=person_id, achievement_id=achievement_id, now=now
    )
    appointment = standing or GrantorAppointment(
        institution_id=institution_id,
        achievement_id=achievement_id,
        person_id=person_id,
        starts_at=now,
        ends_at=None,
        trained_on=None,
        created_at=now,
    )
    said = {"starts_at": starts_at, "ends_at": ends_at, "trained_on": trained_on}
    changes = {
        name: value
        for name, value in said.items()
        if value is not None and getattr(appointment, name) != value
    }
    for name, value in changes.items():
        setattr(appointment, name, value)
    if appointment.ends_at is not None and appointment.ends_at <= appointment.starts_at:
        raise InvalidError("The appointment would end before it starts: correct the dates.")
    if standing is not None and not changes:
        return standing
    session.add(appointment)
    session.flush()
    action = "grantor.changed" if standing else "grantor.appointed"
    _audit_appointment(session, appointment, actor=actor, action=action, now=now)
    return appointment


def end_appointment(
    session: Session, appointment: GrantorAppointment, *, actor: str, now: datetime
) -> None:
    """End a person's right to assess for one achievement, now; what they decided stands.

    Raises: `ConflictError` if it has ended already.
    """
    if appointment.ends_at is not None and appointment.ends_at <= now:
        raise ConflictError("This appointment has ended already.")
    appointment.ends_at = now
    session.flush()
    _audit_appointment(session, appointment, actor=actor, action="grantor.ended", now=now)


def find_appointment(
    session: Session, *, person_id: int, achievement_id: int, now: datetime
) -> GrantorAppointment | None:
    """Return the appointment by which a person may assess for an achievement now, if any."""
    return session.scalar(
        _running(now)
        .where(
            GrantorAppointment.person_id == person_id,
            GrantorAppointment.achievement_id == achievement_id,
        )
        .order_by(GrantorAppointment.id)
        .limit(1)
    )


def list_granted_achievement_ids(
    session: Session, person_id: int, *, now: datetime
) -> frozenset[int]:
    """Return the achievements for which a person is a grantor now."""
    running = session.scalars(_running(now).where(GrantorAppointment.person_id == person_id))
    return frozenset(appointment.achievement_id for appointment in running)


def list_grantors(session: Session, achievement_id: int, *, now: datetime) -> "list[Person]":
    """Return those who may assess for an achievement now, first appointed first."""
    running = session.scalars(
        _running(now)
        .where(GrantorAppointment.achievement_id == achievement_id)
        .options(selectinload(GrantorAppointment.person))
        .order_by(GrantorAppointment.id)
    )
    return list(dict.fromkeys(appointment.person for appointment in running))


def list_appointments(session: Session, institution_id: int) -> list[GrantorAppointment]:
    """Return every appointment of the institution, ended ones too, oldest first."""
    return list(
        session.scalars(
            select(GrantorAppointment)
            .where(GrantorAppointment.institution_id == institution_id)
            .options(selectinload(GrantorAppointment.person))
            .order_by(GrantorAppointment.id)
        )
    )


def find_standing_appointment(
    session: Session, *, person_id: int, achievement_id: int, now: datetime
) -> GrantorAppointment | None:
    """Return the appointment that runs or is still to start, if there is one."""
    return session.scalar(
        _not_ended(now)
        .where(
            GrantorAppointment.person_id == person_id,
            GrantorAppointment.achievement_id == achievement_id,
        )
        .order_by(GrantorAppointment.starts_at, GrantorAppointment.id)
        .limit(1)
    )


def _not_ended(now: datetime) -> Select[GrantorAppointment]:
    return select(GrantorAppointment).where(
        GrantorAppointment.ends_at.is_(None) | (GrantorAppointment.ends_at > now)
    )


def _running(now: datetime) -> Select[GrantorAppointment]:
    return _not_ended(now).where(GrantorAppointment.starts_at <= now)


def _add_key(session: Session, issuer: IssuerProfile, *, vault: Vault, now: datetime) -> IssuerKey:
    private = generate_private_key()
    key = IssuerKey(
        issuer_id=issuer.id,
        multikey=public_multikey(private),
        private_key_sealed=vault.seal(private),
        status=KeyStatus.ACTIVE,
        created_at=now,
    )
    session.add(key)
    session.flush()
    return key


def _audit_appointment(
    session: Session, appointment: GrantorAppointment, *, actor: str, action: str, now: datetime
) -> None:
    moments = {name: getattr(appointment, name) for name in ("starts_at", "ends_at", "trained_on")}
    audit.record(
        session,
        appointment.institution_id,
        actor=actor,
        action=action,
        subject=f"appointment:{appointment.id}",
        facts={
            "achievement": appointment.achievement_id,
            "person": appointment.person_id,
            **{name: moment and moment.isoformat() for name, moment in moments.items()},
        },
        now=now,
    )
