"""Whether an achievement fits the programme: its level's rules, and its issuer."""

from sqlalchemy.orm import Session

from app.catalog.document import AchievementSpec
from app.catalog.stacks import check_level_takes_parts
from app.core.errors import InvalidError
from app.programme.models import IssuerProfile, Level
from app.programme.rules import ALL_REQUIRED
from app.programme.service import list_issuers, list_levels


def known_issuers(session: Session, institution_id: int) -> dict[str, IssuerProfile]:
    """Return the institution's issuers by slug."""
    issuers = list_issuers(session)
    return {issuer.slug: issuer for issuer in issuers if issuer.institution_id == institution_id}


def known_levels(session: Session, institution_id: int) -> dict[str, Level]:
    """Return the institution's levels by key, in the preset's order."""
    return {level.key: level for level in list_levels(session, institution_id)}


def choose_level(spec: AchievementSpec, levels: dict[str, Level]) -> Level:
    """Return the level that a document names, if its content obeys the level's rules.

    Raises: `InvalidError` naming the achievement and the rule.
    """
    level = levels.get(spec.level)
    if level is None:
        known = ", ".join(levels) or "none; load a programme first"
        raise InvalidError(f"“{spec.slug}”: there is no level “{spec.level}” (known: {known}).")
    has_required = any(criterion.required for criterion in spec.criteria)
    asks_for_required = spec.pass_rule.kind == ALL_REQUIRED or not spec.criteria
    if level.is_mappable and asks_for_required and not has_required:
        raise InvalidError(f"“{spec.slug}”: a {level.name} needs at least one required criterion.")
    if not level.is_mappable and spec.criteria:
        raise InvalidError(
            f"“{spec.slug}”: nobody assesses a {level.name}, so it takes no criteria."
        )
    if not level.is_mappable and (spec.grantors_needed != 1 or spec.is_anonymous):
        raise InvalidError(
            f"“{spec.slug}”: a {level.name} is not assessed, so no number of grantors is needed, "
            "and nothing is anonymous."
        )
    if level.is_mappable and spec.pass_rule.kind not in level.pass_rules:
        raise InvalidError(
            f"“{spec.slug}”: a {level.name} is not passed by the rule {spec.pass_rule.kind} "
            f"(allowed: {', '.join(level.pass_rules)})."
        )
    check_level_takes_parts(spec, level)
    return level


def choose_issuer(spec: AchievementSpec, issuers: dict[str, IssuerProfile]) -> IssuerProfile:
    """Return the issuer that a document names.

    Raises: `InvalidError`.
    """
    issuer = issuers.get(spec.issuer)
    if issuer is None:
        known = ", ".join(issuers) or "none; add an issuer first"
        raise InvalidError(f"“{spec.slug}”: there is no issuer “{spec.issuer}” (known: {known}).")
    return issuer
