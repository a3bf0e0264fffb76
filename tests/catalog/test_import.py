"""Importing approved achievements: versions, what they supersede, what may be mapped."""

import copy
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session

from app.catalog.models import Achievement, AchievementVersion, Criterion, VersionStatus
from app.catalog.offered import list_offered
from app.catalog.service import (
    find_approved_version,
    find_version_by_public_id,
    get_achievement,
    get_mappable_version,
    import_achievements,
    list_achievements,
    list_mappable_versions,
)
from app.core.audit import AuditEntry, find_broken_entry
from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.core.prepared import wire_of
from app.platforms.models import Institution
from app.programme.models import IssuerProfile, Level
from app.programme.preset import read_preset
from app.programme.service import add_issuer, load_programme
from tests.factories import NOON, make_institution

CONFIG = Path(__file__).parents[2] / "lti_config"
SLUG = "literature-search-and-synthesis"


@pytest.fixture
def institution(session: Session) -> Institution:
    institution = make_institution(session)
    preset = read_preset(CONFIG / "programme/kennesaw_state.toml")
    load_programme(session, institution.id, preset, actor="command:test", now=NOON)
    for slug in ("psychology", "nursing"):
        add_issuer(
            session,
            institution.id,
            slug=slug,
            name=slug,
            url="https://x.edu",
            email=None,
            description=None,
            vault=Vault("a secret that only the tests know, long enough"),
            actor="command:test",
            now=NOON,
        )
    return institution


@pytest.fixture
def document() -> dict[str, Any]:
    path = CONFIG / "example/achievements.json"
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def bring_in(
    session: Session, institution: Institution, document: dict[str, Any], **facts: Any
) -> list[AchievementVersion]:
    said = {"approved_by": "MCC 7", "actor": "command:test", "now": NOON}
    return import_achievements(session, institution.id, document, **(said | facts))


def test_imported_achievements_are_approved_and_can_be_mapped(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    silver, gold = bring_in(session, institution, document)

    session.expire_all()
    assert list_mappable_versions(session, institution.id, now=NOON) == [silver, gold]
    assert (silver.number, silver.status, silver.approved_at, silver.approval_reference) == (
        1,
        VersionStatus.APPROVED,
        NOON,
        "MCC 7",
    )
    steps = silver.criteria[0].rubric_levels
    assert [(step.position, step.points, step.is_enough) for step in steps] == [
        (0, 0, False),
        (1, 2, True),
        (2, 3, True),
    ]
    assert [criterion.position for criterion in gold.criteria] == [0, 1, 2]
    assert gold.achievement.level.shares_evidence
    assert find_version_by_public_id(session, gold.public_id) is gold
    assert get_mappable_version(session, gold.id, institution_id=institution.id, now=NOON) is gold
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action.like("achievement.%")))
    assert [entry.facts["reference"] for entry in entries] == ["MCC 7", "MCC 7"]
    assert find_broken_entry(session, institution.id) is None


def test_the_same_content_again_changes_nothing(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    first = bring_in(session, institution, document)
    session.commit()
    entries = session.scalar(select(func.count(AuditEntry.id)))

    again = bring_in(
        session, institution, document, approved_by="MCC 8", now=NOON + timedelta(days=1)
    )

    assert again == first
    assert [version.approval_reference for version in again] == ["MCC 7", "MCC 7"]
    assert session.scalar(select(func.count(AuditEntry.id))) == entries
    assert session.scalar(select(func.count(Criterion.id))) == 5


@pytest.mark.parametrize(
    "field",
    ["name", "description", "criteria_narrative", "image_alt", "tags", "criteria", "alignments"],
)
def test_changed_content_becomes_the_next_version(
    session: Session, institution: Institution, document: dict[str, Any], field: str
) -> None:
    first, gold = bring_in(session, institution, document)
    session.commit()
    changed = copy.deepcopy(document)
    value = changed["achievements"][0][field]
    changed["achievements"][0][field] = value + "!" if isinstance(value, str) else value[:1]

    second, same_gold = bring_in(session, institution, changed, approved_by="MCC 8")

    session.expire_all()
    assert (second.number, second.approval_reference) == (2, "MCC 8")
    assert (first.status, second.status) == (VersionStatus.SUPERSEDED, VersionStatus.APPROVED)
    assert same_gold is gold
    assert second.public_id != first.public_id
    assert list_mappable_versions(session, institution.id, now=NOON) == [second, gold]
    assert len(first.criteria) == 2, "awards and assignments keep the version they have"
    assert find_version_by_public_id(session, first.public_id) is first
    with pytest.raises(ConflictError, match="newer version"):
        get_mappable_version(session, first.id, institution_id=institution.id, now=NOON)


def test_a_changed_rubric_level_is_a_change(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    bring_in(session, institution, document)
    document["achievements"][0]["criteria"][1]["levels"][2]["points"] = 4

    [second, _] = bring_in(session, institution, document)

    assert second.number == 2
    assert second.criteria[1].max_points == 4


@pytest.mark.parametrize("reference", ["", "  ", "x" * 201, "a\nb", "a\x00b"])
def test_an_approval_needs_a_reference(
    session: Session, institution: Institution, document: dict[str, Any], reference: str
) -> None:
    with pytest.raises(InvalidError, match="who approved it"):
        bring_in(session, institution, document, approved_by=reference)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"level": "badge_9"}, "there is no level “badge_9” .known: souvenir, badge_1"),
        ({"issuer": "physics"}, "there is no issuer “physics” .known: psychology, nursing"),
        ({"criteria": []}, "needs at least one required criterion"),
        ({"level": "souvenir"}, "nobody assesses a Souvenir, so it takes no criteria"),
    ],
)
def test_what_does_not_fit_the_programme_is_refused(
    session: Session,
    institution: Institution,
    document: dict[str, Any],
    change: dict[str, Any],
    said: str,
) -> None:
    document["achievements"][1] |= change

    with pytest.raises(InvalidError, match=said):
        bring_in(session, institution, document)


def test_an_achievement_with_no_required_criterion_is_refused(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    for criterion in document["achievements"][0]["criteria"]:
        criterion["required"] = False

    with pytest.raises(InvalidError, match="at least one required criterion"):
        bring_in(session, institution, document)


@pytest.mark.parametrize("change", [{"level": "badge_2"}, {"issuer": "nursing"}])
def test_level_and_issuer_stay_because_awards_rest_on_them(
    session: Session, institution: Institution, document: dict[str, Any], change: dict[str, Any]
) -> None:
    bring_in(session, institution, document)
    document["achievements"][0] |= change

    with pytest.raises(ConflictError, match="keeps its level “badge_1” and its issuer"):
        bring_in(session, institution, document)


def test_a_retired_achievement_is_neither_mapped_nor_imported(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    silver, gold = bring_in(session, institution, document)
    silver.achievement.retired_at = NOON
    session.flush()

    assert list_mappable_versions(session, institution.id, now=NOON) == [gold]
    with pytest.raises(ConflictError, match="is retired"):
        get_mappable_version(session, silver.id, institution_id=institution.id, now=NOON)
    with pytest.raises(ConflictError, match="is retired"):
        bring_in(session, institution, document)


def test_a_badge_that_no_grantor_awards_cannot_be_mapped(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    document["achievements"] = [
        document["achievements"][0] | {"slug": "attended", "level": "souvenir", "criteria": []}
    ]

    [souvenir] = bring_in(session, institution, document)

    assert find_approved_version(souvenir.achievement) is souvenir
    assert list_mappable_versions(session, institution.id, now=NOON) == []


def test_another_institution_sees_nothing_of_it(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    silver, _ = bring_in(session, institution, document)
    other = make_institution(session, "other")

    assert list_mappable_versions(session, other.id, now=NOON) == []
    assert list_achievements(session, other.id) == []
    with pytest.raises(NotFoundError):
        get_mappable_version(session, silver.id, institution_id=other.id, now=NOON)
    with pytest.raises(NotFoundError):
        get_achievement(session, SLUG, institution_id=other.id)
    with pytest.raises(InvalidError, match=r"no level .* load a programme first"):
        bring_in(session, other, document)


def test_an_issuer_of_another_institution_cannot_be_used(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    other = make_institution(session, "other")
    preset = read_preset(CONFIG / "programme/kennesaw_state.toml")
    load_programme(session, other.id, preset, actor="command:test", now=NOON)

    with pytest.raises(InvalidError, match=r"no issuer “psychology” .known: none; add an issuer"):
        bring_in(session, other, document)


def test_a_draft_has_no_public_address(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    silver, _ = bring_in(session, institution, document)
    silver.status = VersionStatus.DRAFT
    silver.approved_at = None
    session.flush()

    assert find_version_by_public_id(session, silver.public_id) is None
    assert list_achievements(session, institution.id)[0].slug == SLUG
    assert find_approved_version(silver.achievement) is None


def test_nothing_is_imported_if_one_achievement_is_wrong(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    document["achievements"][1]["criteria"][0]["levels"][0]["points"] = -1

    with pytest.raises(InvalidError):
        bring_in(session, institution, document)

    assert session.scalar(select(func.count(Achievement.id))) == 0


def test_of_two_imports_at_once_one_is_refused(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    issuer = session.scalars(select(IssuerProfile)).first()
    level = session.scalars(select(Level).where(Level.key == "badge_1")).one()
    assert issuer is not None

    @event.listens_for(session, "before_flush", once=True)
    def import_at_once(*_: object) -> None:
        session.execute(
            insert(Achievement).values(
                institution_id=institution.id,
                issuer_id=issuer.id,
                level_id=level.id,
                slug=SLUG,
                created_at=NOON,
            )
        )

    with pytest.raises(ConflictError, match="imported by somebody else"):
        bring_in(session, institution, document)


def test_what_is_offered_to_choose_is_what_may_be_mapped(
    session: Session, institution: Institution, document: dict[str, Any]
) -> None:
    silver, gold = bring_in(session, institution, document)
    other = make_institution(session, "other")

    both = list_offered(wire_of(session), institution.id, now=NOON)
    silver.achievement.retired_at = NOON
    session.flush()
    one = list_offered(wire_of(session), institution.id, now=NOON)

    assert [row.id for row in both] == [silver.id, gold.id]
    assert [row.id for row in one] == [gold.id]
    assert (one[0].name, one[0].level_name, one[0].issuer_name, one[0].criterion_count) == (
        gold.name,
        gold.achievement.level.name,
        gold.achievement.issuer.name,
        len(gold.criteria),
    )
    assert list_offered(wire_of(session), other.id, now=NOON) == []
