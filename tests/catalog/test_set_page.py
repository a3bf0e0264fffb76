"""The set of a certificate in the editor: built from begin to review, bad input, two editors."""

import re

import pytest

from app.catalog.approving import submit_version
from app.catalog.content import content_of
from app.catalog.drafts import create_achievement_draft, save_draft, start_next_version
from app.catalog.models import AchievementVersion
from tests.catalog.test_editor import edit, fields_of, press, seen
from tests.certificates import make_badge, make_certificate, make_rule_level
from tests.factories import NOON

WORDS = {
    "description": "A set.",
    "criteria_narrative": "Earn them all.",
    "image_alt": "A golden medal",
}


@pytest.fixture
def level(session, world):
    return make_rule_level(
        session, world, part_levels=["badge", world.level_1.achievement.level.key]
    )


@pytest.fixture(autouse=True)
def badges(session, world, level):
    made = [make_badge(session, world, slug) for slug in ("one", "two", "three")]
    session.commit()
    return made


@pytest.fixture
def draft(session, world, level):
    """A certificate's draft with everything but its set."""
    version = create_achievement_draft(
        session,
        world.institution.id,
        slug="foundations",
        level=level,
        issuer=world.issuer,
        draft={"name": "Foundations", **WORDS},
        proposed_by=world.assistant.id,
        actor="test",
        now=NOON,
    )
    session.commit()
    return version


def part(group, place, field="achievement"):
    return f"parts-{group}-of-{place}-{field}"


def save(browser, version, **typed):
    """Save the page with something else typed; return what one sees then."""
    return press(browser, version, "", part="parts", **typed)[0].text


def said(page):
    """What a page says is still to mend: pairs of address and words."""
    block = re.search(r'<ul class="missing">(.*?)</ul>', page, re.DOTALL)
    return re.findall(r'<a href="([^"]*)">(.*?)</a>', block[1]) if block else []


def keep(session, version, *groups):
    save_draft(session, version, {**version.draft, "parts": list(groups)})
    session.commit()


def test_a_certificate_is_built_in_the_pages_until_it_can_be_reviewed(
    admin, session, world, level, again
):
    begun = admin.post(
        "/catalog/begin",
        data={"name": "Foundations", "level": "certificate", "issuer": "college"},
    )
    assert begun.status_code == 303, begun.text
    number = int(re.search(r"/versions/(\d+)", begun.location)[1])
    version = session.get_one(AchievementVersion, number)
    values = fields_of(admin.get(edit(version))) | WORDS | {"save_and_go_on": "yes"}
    answer = admin.post(edit(version), data=values)
    assert answer.location.endswith("/edit/parts")

    press(admin, version, "add-group", part="parts")
    press(admin, version, "add:0", part="parts", **{part(0, 0): "two"})
    press(admin, version, "up:0:1", part="parts", **{part(0, 1): "one"})
    press(admin, version, "add-group", part="parts")
    press(admin, version, "add:1", part="parts", **{part(1, 0): "three"})
    some = {"parts-1-how": "some", "parts-1-need": "1", part(1, 1, "from_version"): "1"}
    page = save(admin, version, **{part(1, 1): world.level_1.achievement.slug}, **some)

    name = world.level_1.name
    assert f"all of One and Two, and any 1 of Three, {name}." in page
    assert "Nothing is missing: this draft can go into review." in page
    submit_version(session, again(version), actor="test", now=NOON)
    assert content_of(version).model_dump(mode="json", exclude_none=True)["parts"] == [
        {"of": [{"achievement": "one"}, {"achievement": "two"}]},
        {
            "need": 1,
            "of": [
                {"achievement": "three"},
                {"achievement": world.level_1.achievement.slug, "from_version": 1},
            ],
        },
    ]


def test_a_certificate_has_a_set_and_no_criteria_and_others_have_no_set(
    author, draft, session, world
):
    page = author.get(edit(draft)).text
    assert "The set" in page
    assert "Criteria and rubric" not in page
    assert "When it is passed" not in page
    for other in ("criteria", "passing"):
        assert author.get(edit(draft, other)).status_code == 404
    badge = create_achievement_draft(
        session,
        world.institution.id,
        slug="handover",
        level=world.level_1.achievement.level,
        issuer=world.issuer,
        draft={},
        proposed_by=world.assistant.id,
        actor="test",
        now=NOON,
    )
    session.commit()
    assert "The set" not in author.get(edit(badge)).text
    assert author.get(edit(badge, "parts")).status_code == 404
    assert author.post(edit(badge, "parts"), data={"act": "add-group"}).status_code == 404


def test_an_empty_set_is_said_on_its_own_page(author, draft):
    place = edit(draft, "parts")

    for page in (edit(draft), f"/catalog/versions/{draft.id}"):
        assert (f"{place}#add-group", "The set is empty: say what it is made of.") in said(
            author.get(page).text
        )
    assert "criteria" not in author.get(place).text.split("<main")[1]


@pytest.mark.parametrize(
    ("groups", "anchor", "words"),
    [
        ([{"of": [{"achievement": "no-such"}]}], part(0, 0), "no achievement “no-such”"),
        ([{"of": [{"achievement": ""}]}], part(0, 0), "achievement is missing"),
        ([{"of": [{"achievement": "Not a slug"}]}], part(0, 0), "small letters, digits"),
        (
            [{"of": [{"achievement": "one"}]}, {"of": [{"achievement": "one"}]}],
            part(1, 0),
            "“one” stands in the set more than once",
        ),
        ([{"need": 0, "of": [{"achievement": "one"}]}], "parts-0-need", "greater than or equal"),
        ([{"need": "x", "of": [{"achievement": "one"}]}], "parts-0-need", "a whole number"),
        ([{"need": "", "of": [{"achievement": "one"}]}], "parts-0-need", "a whole number"),
        (
            [{"need": 3, "of": [{"achievement": "one"}, {"achievement": "two"}]}],
            "parts-0-need",
            "3 parts are needed, but there are 2",
        ),
        ([{"of": []}], "parts-0", "Group 1:"),
        ([{"of": [{"achievement": "foundations"}]}], part(0, 0), "is a Digital Certificate"),
        (
            [{"of": [{"achievement": "one", "from_version": 0}]}],
            part(0, 0, "from_version"),
            "from version",
        ),
    ],
)
def test_what_is_wrong_with_a_set_is_said_at_its_control_and_kept(
    author, draft, session, again, groups, anchor, words
):
    keep(session, draft, *groups)

    page = author.get(edit(draft, "parts"))
    told = said(page.text)

    assert any(link == f"#{anchor}" and words in text for link, text in told), told
    assert f'id="{anchor}"' in page.text
    save(author, draft)
    kept = again(draft).draft["parts"]
    assert [group["of"] for group in kept] == [group["of"] for group in groups]
    assert author.get(f"/catalog/versions/{draft.id}/preview").status_code == 200


def test_what_is_typed_wrongly_is_kept_and_said_at_its_field(author, draft, again):
    press(author, draft, "add-group", part="parts")
    typed = {part(0, 0): "one", "parts-0-how": "some", "parts-0-need": "many"}

    page = save(author, draft, **typed)

    assert again(draft).draft["parts"] == [{"need": "many", "of": [{"achievement": "one"}]}]
    assert 'value="many"' in page
    assert 'aria-invalid="true"' in page


def test_a_set_that_needs_itself_is_named(author, draft, session, level):
    level.part_levels = []
    keep(session, draft, {"of": [{"achievement": "one"}, {"achievement": "foundations"}]})

    page = author.get(edit(draft, "parts")).text

    assert "foundations → foundations" in page
    assert '<option value="foundations">' not in page


def test_only_what_is_approved_and_of_an_allowed_level_is_offered(
    author, draft, session, world, level
):
    make_certificate(session, world, level, slug="other-set")
    keep(session, draft, {"of": [{"achievement": "one"}]})

    page = author.get(edit(draft, "parts")).text

    assert re.search(r'<option[^>]* value="one">One \(', page)
    assert "other-set" not in page


def test_versions_that_a_file_brought_are_kept_until_they_are_emptied(
    author, draft, session, again
):
    keep(session, draft, {"need": None, "of": [{"achievement": "one", "versions": [1]}]})

    save(author, draft)
    assert again(draft).draft["parts"] == [{"of": [{"achievement": "one", "versions": [1]}]}]
    save(author, draft, **{part(0, 0, "versions"): ""})
    assert again(draft).draft["parts"] == [{"of": [{"achievement": "one"}]}]


def test_groups_and_achievements_are_moved_and_removed(author, draft, session, again):
    keep(session, draft, {"of": [{"achievement": "one"}, {"achievement": "two"}]}, {"of": []})
    for act in ("down:0:0", "remove:0:1", "down-group:0", "remove-group:0"):
        press(author, draft, act, part="parts")

    assert again(draft).draft["parts"] == [{"of": [{"achievement": "two"}]}]


@pytest.mark.parametrize("act", ["add:7", "remove:0:9", "burn:0", "add:", "remove-group:²"])
def test_a_button_about_nothing_changes_nothing(author, draft, session, again, act):
    keep(session, draft, {"of": [{"achievement": "one"}]})
    values = fields_of(author.get(edit(draft, "parts"))) | {"act": act}

    page = author.post(edit(draft, "parts"), data=values)

    assert page.status_code == 422
    assert "Load the page again" in page.text
    assert again(draft).draft["parts"] == [{"of": [{"achievement": "one"}]}]


def test_two_editors_of_a_set_do_not_overwrite_each_other(author, admin, draft, session, again):
    keep(session, draft, {"of": [{"achievement": "one"}]})
    mine = fields_of(author.get(edit(draft, "parts")))
    save(admin, draft, **{part(0, 0): "two"})

    page = author.post(edit(draft, "parts"), data=mine | {part(0, 0): "three"})

    assert page.status_code == 409
    assert "This part was changed meanwhile" in page.text
    assert again(draft).draft["parts"] == [{"of": [{"achievement": "two"}]}]
    mine = fields_of(page)
    assert mine["seen"] == seen(page)
    assert author.post(edit(draft, "parts"), data=mine).status_code == 303
    assert again(draft).draft["parts"] == [{"of": [{"achievement": "three"}]}]


def test_the_set_is_changed_by_its_author_and_administrators_alone(
    author, admin, reviewer, browser, world, draft, again
):
    before = again(draft).draft
    page = edit(draft, "parts")
    assert author.get(page).status_code == admin.get(page).status_code == 200
    for person, status in ((reviewer, 403), (browser(world.learner), 404)):
        assert person.get(page).status_code == status
        assert person.post(page, data={"act": "add-group", "seen": ""}).status_code == status
    assert again(draft).draft == before


def test_the_pages_of_a_version_show_its_set(author, draft, session):
    keep(session, draft, {"of": [{"achievement": "one"}, {"achievement": "gone"}]})
    for page in ("", "/preview"):
        text = author.get(f"/catalog/versions/{draft.id}{page}").text
        assert "What it is made of" in text
        assert "One</a>" in text
        assert "There is no criterion" not in text


def test_what_is_not_approved_yet_is_named_and_may_go_into_review_with_it(
    author, draft, session, world
):
    create_achievement_draft(
        session,
        world.institution.id,
        slug="early",
        level=world.level_1.achievement.level,
        issuer=world.issuer,
        draft={},
        proposed_by=None,
        actor="test",
        now=NOON,
    )
    keep(session, draft, {"of": [{"achievement": "early"}]})

    page = author.get(edit(draft, "parts")).text

    assert "These must be approved before this set can be: early." in page
    assert '<option selected value="early">early – not to be had</option>' in page
    assert "Nothing is missing" in page


def test_comparing_says_what_changed_in_the_set(admin, session, world, level, badges):
    certificate = make_certificate(session, world, level, badges[:2], slug="advanced")
    make_version_two(session, certificate)
    session.commit()

    page = admin.get(f"/catalog/achievements/{certificate.achievement_id}/compare").text

    assert "The set" in page
    assert "all of one + two" in page
    assert "all of three" in page


def make_version_two(session, certificate):
    draft = start_next_version(
        session, certificate.achievement, proposed_by=None, actor="test", now=NOON
    )
    save_draft(session, draft, {**draft.draft, "parts": [{"of": [{"achievement": "three"}]}]})
