"""The list, one achievement with its versions, what changed, deleting, retiring."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.catalog.approving import (
    approve_version,
    retire_achievement,
    return_version,
    submit_version,
)
from app.catalog.comparing import ADDED, REMOVED, SAME, compare_words
from app.catalog.content import content_of
from app.catalog.drafts import save_draft, start_next_version
from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.core.audit import AuditEntry
from app.core.clock import utcnow
from tests import factories
from tests.campus import make_administrator
from tests.factories import NOON

BY = {"actor": "test", "now": NOON}


def whole(world, **changes):
    return content_of(world.level_1).model_dump(mode="json") | changes


@pytest.fixture
def change(session, world):
    """A draft that changes the approved Level I achievement, begun by the assistant."""
    version = start_next_version(
        session, world.level_1.achievement, proposed_by=world.assistant.id, **BY
    )
    session.commit()
    return version


def test_administrators_and_reviewers_list_everything_authors_their_own(
    admin, author, reviewer, browser, world, draft
):
    for everybody in (admin, reviewer):
        page = everybody.get("/catalog").text
        assert "Safe Handover" in page
        assert "Research Literacy" in page
    own = author.get("/catalog").text
    assert "Safe Handover" in own
    assert "Research Literacy" not in own
    assert "Nothing of yours yet" in browser(world.learner).get("/catalog").text


def test_an_empty_catalogue_teaches(app, session, browser, world):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    make_administrator(session, other.instructor)
    for achievement in session.query(Achievement).filter_by(institution_id=other.institution.id):
        for version in achievement.versions:
            version.institution_id = world.institution.id
        achievement.institution_id = world.institution.id
        achievement.slug = f"moved-{achievement.id}"
    session.commit()

    assert "No micro-credential yet" in browser(other.instructor).get("/catalog").text


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        ("q=literacy", {"Research Literacy"}),
        ("q=LITERACY+research", {"Research Literacy"}),
        ("q=100%25", set()),
        ("level=badge_2", {"Clinical Communication"}),
        ("level=nothing", set()),
        ("status=draft", {"Safe Handover"}),
        ("status=approved", {"Research Literacy"}),
        ("status=expired", {"Clinical Communication"}),
        ("status=retired", set()),
        ("status=declined", set()),
        ("unit=School+of+Nursing", set()),
        ("status=burnt&page=99999999999999999999", {"Safe Handover", "Research Literacy"}),
    ],
)
def test_the_list_is_narrowed(admin, session, world, draft, narrowed, found):
    world.level_2.approved_until = utcnow() - timedelta(days=1)
    session.commit()

    page = admin.get(f"/catalog?{narrowed}").text

    names = {"Safe Handover", "Research Literacy", "Clinical Communication"}
    shown = {name for name in names if name in page}
    assert shown >= found
    if "burnt" not in narrowed:
        assert shown == found
        assert ("Nothing fits" in page) == (not found)


def test_a_list_that_is_narrowed_with_script_gets_the_list_alone(admin, draft):
    answer = admin.get("/catalog?q=safe", headers={"X-Fragment": "1"})

    assert "<h1" not in answer.text
    assert "Safe Handover" in answer.text
    assert "X-Fragment" in answer.headers["Vary"]


def test_one_achievement_shows_everything_its_version_says(admin, world, change):
    page = admin.get(f"/catalog/achievements/{world.level_1.achievement_id}").text

    for said in ("Criterion 2", "Demonstrated, as can be seen.", "conduct scholarly research"):
        assert said in page
    assert "Priya Grantor" in page
    assert "MCC-1" in page
    assert "A change is under way" in page


def test_who_is_no_author_sees_what_is_published_and_no_draft(browser, world, change):
    page = browser(world.learner).get(f"/catalog/achievements/{world.level_1.achievement_id}").text

    assert "A change is under way" not in page
    assert f"/catalog/versions/{change.id}" not in page


def test_a_draft_is_begun_on_a_page(admin, session):
    page = admin.get("/catalog/begin")
    assert page.status_code == 200

    answer = admin.post(
        "/catalog/begin", data={"name": "Ärger & Ruhe", "level": "badge_1", "issuer": "college"}
    )

    assert answer.status_code == 303
    made = session.scalars(select(AchievementVersion).order_by(AchievementVersion.id)).all()[-1]
    assert (made.achievement.slug, made.name, made.status) == (
        "arger-ruhe",
        "Ärger & Ruhe",
        VersionStatus.DRAFT,
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "Give it a name"),
        ({"level": "none"}, "Not a valid choice"),
        ({"issuer": ""}, "Choose from the list"),
        ({"slug": "research-literacy"}, "There is an achievement"),
        ({"slug": "No Slug"}, "Use small letters"),
    ],
)
def test_a_draft_is_not_begun_wrongly(admin, session, wrong, said):
    values = {"name": "New", "level": "badge_1", "issuer": "college"} | wrong

    page = admin.post("/catalog/begin", data=values)

    assert page.status_code == 422
    assert said in page.text
    assert session.query(Achievement).count() == 2


def test_only_administrators_act_on_achievements(author, reviewer, world):
    place = f"/catalog/achievements/{world.level_1.achievement_id}"
    for person in (author, reviewer):
        for act in ("versions", "retire", "bring-back"):
            assert person.post(f"{place}/{act}").status_code == 403
        assert person.get("/catalog/begin").status_code == 403


def test_a_new_version_is_begun_once(admin, world, session):
    place = f"/catalog/achievements/{world.level_1.achievement_id}/versions"

    answer = admin.post(place)
    assert answer.status_code == 303
    assert admin.get(answer.location).status_code == 200
    assert admin.post(place).status_code == 409

    numbers = session.scalars(
        select(AchievementVersion.number).where(
            AchievementVersion.achievement_id == world.level_1.achievement_id
        )
    )
    assert sorted(numbers) == [1, 2]


def test_what_is_retired_can_be_brought_back(admin, world, session):
    place = f"/catalog/achievements/{world.level_1.achievement_id}"

    admin.post(f"{place}/retire")
    assert "Nobody can earn it any more" in admin.get(place).text
    assert admin.post(f"{place}/versions").status_code == 409
    admin.post(f"{place}/bring-back")

    session.expire_all()
    assert session.get(Achievement, world.level_1.achievement_id).retired_at is None
    assert admin.post(f"{place}/bring-back").status_code == 409
    actions = set(session.scalars(select(AuditEntry.action)))
    assert {"achievement.retired", "achievement.brought_back"} <= actions


def test_a_draft_that_nobody_reviewed_is_deleted_with_its_achievement(author, session, draft):
    answer = author.post(f"/catalog/versions/{draft.id}/delete")

    assert answer.status_code == 303
    assert session.scalar(select(Achievement).where(Achievement.slug == "handover")) is None
    assert session.scalar(
        select(AuditEntry).where(AuditEntry.action == "achievement.draft_deleted")
    )


def test_a_deleted_change_leaves_the_approved_version(author, session, world, change):
    assert author.post(f"/catalog/versions/{change.id}/delete").status_code == 303

    session.expire_all()
    assert [item.number for item in world.level_1.achievement.versions] == [1]


def test_a_draft_that_was_in_review_or_carries_an_appointment_stays(author, session, world, draft):
    factories.appoint(session, world.grantor, draft)
    session.commit()
    page = author.post(f"/catalog/versions/{draft.id}/delete")
    assert page.status_code == 409
    assert "end that first" in page.text

    save_draft(session, draft, whole(world))
    submit_version(session, draft, **BY)
    return_version(session, draft, **BY)
    session.commit()
    page = author.post(f"/catalog/versions/{draft.id}/delete")
    assert page.status_code == 409
    assert "stays on record" in page.text


def test_what_changed_is_marked_by_words_not_by_colour_alone(reviewer, session, world, change):
    changed = whole(world, name="Research Literacy, Deepened", validity_months=12)
    changed["criteria"][0]["levels"][1]["description"] = "Demonstrated, as anybody can see."
    changed["criteria"][1] |= {"key": "new", "name": "Something Else"}
    changed["alignments"] = []
    save_draft(session, change, changed)
    session.commit()

    page = reviewer.get(f"/catalog/achievements/{change.achievement_id}/compare?from=1&to=2").text

    assert '<ins><span class="visually-hidden">[added:] </span>, Deepened' in page
    assert '<del><span class="visually-hidden">[removed:] </span>' in page
    for said in ("Something Else", "Criterion 2", "Added", "Removed", "Changed", "12"):
        assert said in page
    assert "conduct scholarly research" in page


def test_nothing_changed_is_said(admin, change):
    page = admin.get(f"/catalog/achievements/{change.achievement_id}/compare").text
    assert "Both versions say the same" in page


@pytest.mark.parametrize("asked", ["from=7&to=2", "from=1&to=0", "to=-1", "from=x&to=9"])
def test_a_version_that_is_not_there_is_not_compared(admin, change, asked):
    page = admin.get(f"/catalog/achievements/{change.achievement_id}/compare?{asked}")
    assert page.status_code == 404


def test_a_draft_is_compared_only_by_who_may_see_it(browser, world, change):
    place = f"/catalog/achievements/{change.achievement_id}/compare?from=1&to=2"
    assert browser(world.learner).get(place).status_code == 404


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("a b c", "a x c", [(SAME, "a "), (REMOVED, "b"), (ADDED, "x"), (SAME, " c")]),
        ("", "new", [(ADDED, "new")]),
        ("old", "", [(REMOVED, "old")]),
        ("same", "same", [(SAME, "same")]),
        ("臨床判断", "臨床判定", [(SAME, "臨床判"), (REMOVED, "断"), (ADDED, "定")]),
        ("हस्तांतरण अच्छा", "हस्तांतरण बुरा", [(SAME, "हस्तांतरण "), (REMOVED, "अच्छा"), (ADDED, "बुरा")]),
    ],
)
def test_words_are_compared(before, after, marked):
    assert [(piece.kind, piece.text) for piece in compare_words(before, after)] == marked


def test_a_hostile_pair_of_texts_is_compared_in_little_time():
    before, after = "a b " * 5000, "b a a " * 3300

    pieces = compare_words(before, after)

    assert "".join(p.text for p in pieces if p.kind != ADDED) == before
    assert "".join(p.text for p in pieces if p.kind != REMOVED) == after


def test_an_expired_retired_or_superseded_version_is_still_read(admin, session, world, change):
    save_draft(session, change, whole(world, name="Next"))
    submit_version(session, change, **BY)
    approve_version(session, change, reference="MCC 8", until=None, **BY)
    retire_achievement(session, change.achievement, **BY)
    session.commit()

    page = admin.get(f"/catalog/versions/{world.level_1.id}").text
    assert "Superseded" in page
    assert "What changed since version 2" in page
