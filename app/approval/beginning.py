"""Beginning a proposal: of something new, of a change, or of a draft that is there already."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.approval.history import add_event
from app.approval.models import OPEN, EventKind, Proposal, ProposalStatus
from app.approval.naming import numbered, slug_of
from app.approval.pinned import PinnedRules, pin_rules
from app.catalog.checking import known_issuers, known_levels
from app.catalog.drafts import create_achievement_draft, find_open_version, start_next_version
from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.core.errors import ConflictError, ForbiddenError, InvalidError
from app.core.principal import Principal
from app.programme.models import Level
from app.programme.service import get_rules

MAX_SLUGS = 1000


def begin_proposal(
    session: Session,
    principal: Principal,
    *,
    level_key: str,
    issuer_slug: str,
    audience: str | None,
    name: str,
    slug: str | None,
    unit: str | None,
    now: datetime,
) -> Proposal:
    """Begin a proposal for a new micro-credential: its draft, and the rules as they are now.

    `slug`: `None` makes one of the name that nobody has yet.
    Raises: `InvalidError` naming what the programme does not have; `ConflictError` if
        the slug is taken.
    """
    institution_id = principal.institution_id
    level = known_levels(session, institution_id).get(level_key)
    issuer = known_issuers(session, institution_id).get(issuer_slug)
    if level is None or issuer is None:
        raise InvalidError("Choose a level and an issuer of your institution.")
    rules = _pin(session, level, audience)
    version = create_achievement_draft(
        session,
        institution_id,
        slug=slug or find_free_slug(session, institution_id, name),
        level=level,
        issuer=issuer,
        draft={"name": name, **({"issuing_unit": unit} if unit else {})},
        proposed_by=principal.person_id,
        actor=principal.actor,
        now=now,
    )
    return _add_proposal(session, version, rules, principal, now=now)


def begin_change(
    session: Session,
    principal: Principal,
    achievement: Achievement,
    *,
    audience: str | None,
    now: datetime,
) -> Proposal:
    """Begin a proposal for a change: the next version, with the content of the newest.

    A draft of it that lies there without a proposal is taken up by whoever
    wrote it, or by an administrator.
    Raises: `ConflictError` if a change is under way, or the achievement is retired.
    """
    rules = _pin(session, achievement.level, audience)
    version = find_open_version(session, achievement.id)
    if version is None or not _may_take_up(session, version, principal):
        version = start_next_version(
            session,
            achievement,
            proposed_by=principal.person_id,
            actor=principal.actor,
            now=now,
        )
    elif achievement.retired_at is not None:
        raise ConflictError("This achievement is retired: it takes no new version.")
    return _add_proposal(session, version, rules, principal, now=now)


def propose_draft(
    session: Session,
    principal: Principal,
    version: AchievementVersion,
    *,
    audience: str | None,
    now: datetime,
) -> Proposal:
    """Begin a proposal for a draft that is there already, such as an imported one.

    Raises: `ForbiddenError` unless they wrote it or administer; `ConflictError` if it is no
        draft, or has a proposal already.
    """
    if not _may_take_up(session, version, principal):
        raise ConflictError("Only a draft that has no open proposal can be proposed.")
    rules = _pin(session, version.achievement.level, audience)
    return _add_proposal(session, version, rules, principal, now=now)


def find_newest_proposal(session: Session, version_id: int) -> Proposal | None:
    """Return the newest proposal for a version, over or not, if there is one."""
    return session.scalar(
        select(Proposal)
        .where(Proposal.version_id == version_id)
        .order_by(Proposal.id.desc())
        .limit(1)
    )


def find_open_proposal(session: Session, version_id: int) -> Proposal | None:
    """Return the proposal by which a version is being decided on, if there is one."""
    return session.scalar(
        select(Proposal).where(Proposal.version_id == version_id, Proposal.status.in_(OPEN))
    )


def find_free_slug(session: Session, institution_id: int, name: str) -> str:
    """Return the name's slug, with a number behind it if it is taken.

    Raises: `ConflictError` if the whole row is taken.
    """
    wanted = slug_of(name)
    candidates = [wanted, *(numbered(wanted, number) for number in range(2, MAX_SLUGS))]
    taken = set(
        session.scalars(
            select(Achievement.slug).where(
                Achievement.institution_id == institution_id,
                Achievement.slug.startswith(wanted[:60], autoescape=True),
            )
        )
    )
    for candidate in candidates:
        if candidate not in taken:
            return candidate
    raise ConflictError("Too many micro-credentials have this name: choose a short name yourself.")


def add_proposal(
    session: Session, version: AchievementVersion, principal: Principal, *, now: datetime
) -> Proposal:
    """Begin a proposal for a version that has none, to write down a decision made elsewhere."""
    achievement = version.achievement
    rules = pin_rules(
        get_rules(session, version.institution_id),
        level_key=achievement.level.key,
        level_name=achievement.level.name,
        route_key=achievement.level.approval_route,
        audience=None,
    )
    return _add_proposal(session, version, rules, principal, now=now)


def _add_proposal(
    session: Session,
    version: AchievementVersion,
    rules: PinnedRules,
    principal: Principal,
    *,
    now: datetime,
) -> Proposal:
    highest = session.scalar(
        select(func.max(Proposal.number)).where(Proposal.institution_id == version.institution_id)
    )
    proposal = Proposal(
        institution_id=version.institution_id,
        number=(highest or 0) + 1,
        version=version,
        proposer_id=principal.person_id,
        course_id=principal.course_id,
        audience=rules.audience.key if rules.audience else None,
        unit=version.issuing_unit,
        rules=rules.model_dump(mode="json"),
        answers={},
        status=ProposalStatus.DRAFT,
        status_changed_at=now,
        round=0,
        created_at=now,
    )
    session.add(proposal)
    try:
        session.flush()
    except IntegrityError as error:  # the unique keys settle a race between two windows
        raise ConflictError("Somebody else has just begun a proposal. Try again.") from error
    add_event(session, proposal, EventKind.BEGUN, person_id=principal.person_id, now=now)
    return proposal


def _pin(session: Session, level: Level, audience: str | None) -> PinnedRules:
    rules = get_rules(session, level.institution_id)
    pinned = pin_rules(
        rules,
        level_key=level.key,
        level_name=level.name,
        route_key=level.approval_route,
        audience=audience,
    )
    if pinned.route is None:
        raise InvalidError(
            f"The programme does not say how a {level.name} is approved. "
            "Ask your programme administrator."
        )
    if not pinned.steps:
        raise InvalidError("Say for whom it is meant: that decides who approves it.")
    return pinned


def _may_take_up(session: Session, version: AchievementVersion, principal: Principal) -> bool:
    is_free = (
        version.status is VersionStatus.DRAFT and find_open_proposal(session, version.id) is None
    )
    if is_free and not principal.is_administrator and version.proposed_by != principal.person_id:
        raise ForbiddenError(
            "Somebody else has a draft of a change of this micro-credential. "
            "Your programme administrator can take it up."
        )
    return is_free
