"""What a credential says of its achievement is what the achievement's own page publishes."""

import json

from app.awards.facts import achievement_facts, result_facts
from app.awards.service import issue_if_due
from app.catalog.models import AchievementVersion
from app.catalog.stack_models import StackGroup, StackPart
from app.credentials.openbadge_parts import result_description
from app.public.documents import achievement_document
from tests.assessment.work import reached
from tests.factories import NOON

BASE_URL = "https://tool.test"


def test_the_rubric_has_the_addresses_that_are_published(world):
    facts = achievement_facts(world.level_1, BASE_URL)

    published = achievement_document(world.level_1, BASE_URL, "did:web:tool.test")
    assert [result_description(each) for each in facts.criteria] == published["resultDescription"]


def test_a_result_names_the_level_that_was_reached_and_nothing_else(world):
    first = world.level_1.criteria[0]
    best = first.rubric_levels[-1]

    results = result_facts(world.level_1, {first.id: best.id, 987_654: best.id}, BASE_URL)

    facts = achievement_facts(world.level_1, BASE_URL)
    assert [(each.criterion_id, each.level_id) for each in results] == [
        (facts.criteria[0].id, facts.criteria[0].levels[-1].id)
    ]


def test_a_level_of_another_criterion_is_no_result(world):
    first, other = world.level_1.criteria[0], world.level_2.criteria[0]

    assert result_facts(world.level_1, {first.id: other.rubric_levels[0].id}, BASE_URL) == ()


def test_an_award_carries_its_achievements_rubric(app, session, world):
    award = issue_if_due(
        session,
        person=world.learner,
        version=world.level_1,
        reached=reached(world.level_1),
        awarded_by=world.grantor.id,
        vault=app.extensions["assay.vault"],
        base_url=BASE_URL,
        now=NOON,
    )

    credential = json.loads(award.credential)
    described = credential["credentialSubject"]["achievement"]["resultDescription"]
    assert [each["name"] for each in described] == [each.name for each in world.level_1.criteria]
    assert "evidence" not in credential


def test_a_certificate_names_its_parts_in_the_newest_version_that_counts(session, world):
    part = StackPart(position=0, achievement_id=world.level_1.achievement_id)
    pinned = StackPart(position=0, achievement_id=world.level_1.achievement_id, versions=[99])
    later = StackPart(position=0, achievement_id=world.level_1.achievement_id, from_version=99)
    session.add_all(
        StackGroup(
            version_id=world.level_2.id, position=place, needed=1, group_count=3, parts=[each]
        )
        for place, each in enumerate([part, pinned, later])
    )
    session.flush()
    version = session.get_one(AchievementVersion, world.level_2.id)
    session.refresh(version)

    assert achievement_facts(version, BASE_URL).related == (
        f"{BASE_URL}/achievements/{world.level_1.public_id}",
    )
    assert achievement_facts(world.level_1, BASE_URL).related == ()
