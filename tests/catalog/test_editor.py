"""The editor: everything typed is kept, incomplete drafts are saved, nobody overwrites unseen."""

import re
from html import unescape

import html5lib
import pytest

from app.catalog.approving import approve_version, submit_version
from app.catalog.content import content_of
from app.catalog.drafts import save_draft
from app.catalog.models import VersionStatus
from tests import factories
from tests.campus import make_administrator
from tests.factories import NOON


def seen(page):
    """The digest that a page of the editor carries."""
    return re.search(r'name="seen"[^>]*value="(\w*)"', page.text)[1]


def edit(version, part=""):
    return f"/catalog/versions/{version.id}/edit" + (f"/{part}" if part else "")


def fields_of(page):
    """What a browser would send back: the values of every control of the page's form."""
    root = html5lib.parse(page.text, namespaceHTMLElements=False)
    values = {}
    for node in root.iter():
        is_off = node.get("type") in {"checkbox", "radio"} and node.get("checked") is None
        if node.tag == "input" and node.get("name") and not is_off:
            values[node.get("name")] = node.get("value") or ""
        elif node.tag == "textarea":
            values[node.get("name")] = node.text or ""
        elif node.tag == "select":
            for option in node.iter("option"):
                if option.get("selected") is not None:
                    values[node.get("name")] = option.get("value")
    return values


def press(browser, version, act, part="criteria", **typed):
    """Load a page, type, press one of its buttons; return the page that one lands on."""
    values = fields_of(browser.get(edit(version, part))) | typed | {"act": act}
    answer = browser.post(edit(version, part), data=values)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location), answer.location


def test_an_incomplete_draft_is_saved_and_says_what_is_missing(author, draft, again):
    page = author.get(edit(draft))
    answer = author.post(edit(draft), data={"name": "Safe Handover", "seen": seen(page)})

    assert answer.status_code == 303
    page = author.get(answer.location).text
    assert "Before it can be reviewed" in page
    assert "Description is missing." in page
    assert "There is no criterion yet" in page
    assert again(draft).draft == {"name": "Safe Handover"}


def test_what_it_is_is_kept_as_typed(author, draft, again):
    typed = {
        "name": "  Safe \u200fHandover ",
        "description": "One.\r\nTwo.",
        "criteria_narrative": "**Show** it.",
        "image_alt": "A silver medal",
        "tags": "nursing, communication, nursing, ",
        "issuing_unit": "School of Nursing",
        "seen": seen(author.get(edit(draft))),
    }
    author.post(edit(draft), data=typed)

    assert again(draft).draft == {
        "name": "Safe \u200fHandover",
        "description": "One.\nTwo.",
        "criteria_narrative": "**Show** it.",
        "image_alt": "A silver medal",
        "tags": ["nursing", "communication"],
        "issuing_unit": "School of Nursing",
    }
    assert again(draft).name == "Safe \u200fHandover"


def test_a_criterion_begins_with_the_three_usual_levels(author, draft, again):
    page, location = press(author, draft, "add")

    assert location.endswith("#criteria-0-name")
    (criterion,) = again(draft).draft["criteria"]
    assert [level["name"] for level in criterion["levels"]] == [
        "Not yet",
        "Progressing",
        "Demonstrated",
    ]
    assert criterion["required_level"] == "Demonstrated"
    assert 'id="criteria-0-levels-2-description"' in page.text


def test_every_button_keeps_everything_typed(author, draft, again):
    press(author, draft, "add")
    press(author, draft, "add", **{"criteria-0-name": "Structure", "criteria-0-enough": "1"})
    press(author, draft, "add-level:0", **{"criteria-1-name": "Listening"})
    press(author, draft, "up:1", **{"criteria-0-levels-3-name": "Exceeds"})
    press(author, draft, "remove-level:1:2", **{"criteria-0-description": "Hears all of it."})
    press(author, draft, "down-level:1:0")

    first, second = again(draft).draft["criteria"]
    assert (first["name"], first["key"], first["description"]) == (
        "Listening",
        "listening",
        "Hears all of it.",
    )
    assert [level["name"] for level in second["levels"]] == ["Progressing", "Not yet", "Exceeds"]
    assert (second["name"], second["key"]) == ("Structure", "structure")
    assert second["required_level"] == "Progressing"

    press(author, draft, "remove:1")
    assert [item["name"] for item in again(draft).draft["criteria"]] == ["Listening"]


def test_a_key_stays_when_its_criterion_is_renamed_and_is_never_double(author, draft, again):
    press(author, draft, "add")
    press(author, draft, "add", **{"criteria-0-name": "Structure"})
    press(author, draft, "add", **{"criteria-1-name": "Structure"})
    press(author, draft, "add", **{"criteria-0-name": "Order", "criteria-2-name": "構造"})

    keys = [item["key"] for item in again(draft).draft["criteria"]]
    assert keys == ["structure", "structure-2", "criterion-3", ""]


@pytest.mark.parametrize(
    "act",
    ["up:7", "remove:-1", "remove:²", "remove-level:0:9", "burn:0", "add-level:", "up:" + "9" * 99],
)
def test_a_button_about_nothing_is_refused_and_changes_nothing(author, draft, again, act):
    press(author, draft, "add")
    before = again(draft).draft
    values = fields_of(author.get(edit(draft, "criteria"))) | {"act": act}

    page = author.post(edit(draft, "criteria"), data=values)

    assert page.status_code == 422
    assert "Load the page again" in page.text
    assert again(draft).draft == before


def test_a_number_that_is_none_is_kept_and_said_at_its_field(author, draft, again):
    press(author, draft, "add")
    page, _location = press(
        author, draft, "", **{"criteria-0-name": "Order", "criteria-0-levels-1-points": "many"}
    )

    assert again(draft).draft["criteria"][0]["levels"][1]["points"] == "many"
    assert "points must be a whole number" in page.text
    assert 'value="many"' in page.text
    assert 'aria-invalid="true"' in page.text


@pytest.mark.parametrize(
    "name", ["criteria-²-name", f"criteria-{'9' * 5000}-name", "criteria--1-x"]
)
def test_a_row_of_no_number_is_not_looked_at(author, draft, again, name):
    values = {name: "x", "seen": seen(author.get(edit(draft, "criteria")))}

    answer = author.post(edit(draft, "criteria"), data=values)

    assert answer.status_code == 303
    assert "criteria" not in again(draft).draft


def test_names_in_any_script_pass_and_control_characters_do_not(author, draft, again):
    name = "التواصل السريري 臨床 हस्तांतरण"
    page = author.get(edit(draft))
    author.post(edit(draft), data={"name": f"{name}\x00\x1b\u202e", "seen": seen(page)})

    assert again(draft).draft["name"] == name


def test_the_pass_rule_is_one_of_the_level_s(author, draft, again, session, world):
    draft.achievement.level.pass_rules = ["all_required", "k_of_n"]
    session.commit()
    page = author.get(edit(draft, "passing"))
    assert "weighted" not in page.text
    author.post(edit(draft, "passing"), data={"kind": "k_of_n", "k": "3", "seen": seen(page)})

    assert again(draft).draft["pass_rule"] == {"kind": "k_of_n", "k": 3}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "all_required"}, "Every required criterion is met."),
        ({"kind": "k_of_n", "k": 1}, "and at least 1 of 2 criteria in all."),
        ({"kind": "weighted", "threshold": 70}, "at least 70 per cent of the weighted points"),
        ({"kind": "weighted"}, "at least … per cent"),
    ],
)
def test_the_pass_rule_is_said_in_words(author, draft, session, world, rule, said):
    draft.achievement.level.pass_rules = ["all_required", "k_of_n", "weighted"]
    whole = content_of(world.level_1).model_dump(mode="json")
    save_draft(session, draft, whole | {"pass_rule": rule})
    session.commit()

    assert said in author.get(f"/catalog/versions/{draft.id}").text
    assert author.get(edit(draft, "passing")).status_code == 200
    assert "Weight" in author.get(edit(draft, "criteria")).text


def test_validity_is_kept_and_left_empty_it_is_without_end(author, draft, again):
    page = author.get(edit(draft, "validity"))
    author.post(
        edit(draft, "validity"),
        data={"validity_months": "24", "renewal": "Again.", "seen": seen(page)},
    )
    assert again(draft).draft["validity_months"] == 24

    page = author.get(edit(draft, "validity"))
    author.post(edit(draft, "validity"), data={"validity_months": "", "seen": seen(page)})
    assert "validity_months" not in again(draft).draft


def test_two_editors_of_one_part_do_not_overwrite_each_other(author, admin, draft, again):
    digest = seen(author.get(edit(draft)))
    admin.post(edit(draft), data={"name": "Theirs", "seen": digest})

    page = author.post(edit(draft), data={"name": "Mine", "seen": digest})

    assert page.status_code == 409
    assert "This part was changed meanwhile" in page.text
    assert 'value="Mine"' in page.text
    assert again(draft).draft["name"] == "Theirs"

    answer = author.post(edit(draft), data={"name": "Mine", "seen": seen(page)})
    assert answer.status_code == 303
    assert again(draft).draft["name"] == "Mine"


def test_two_editors_of_two_parts_do_not_disturb_each_other(author, admin, draft, again):
    about, validity = author.get(edit(draft)), admin.get(edit(draft, "validity"))
    author.post(edit(draft), data={"name": "Mine", "seen": seen(about)})
    answer = admin.post(
        edit(draft, "validity"), data={"validity_months": "12", "seen": seen(validity)}
    )

    assert answer.status_code == 303
    assert again(draft).draft == {"name": "Mine", "validity_months": 12}


PAGES = [
    "",
    "/edit",
    "/edit/criteria",
    "/edit/passing",
    "/edit/skills",
    "/edit/validity",
    "/preview",
]


@pytest.mark.parametrize("page", PAGES)
def test_a_draft_is_open_to_its_author_and_administrators_alone(
    author, admin, reviewer, browser, world, draft, page
):
    address = f"/catalog/versions/{draft.id}{page}"

    assert author.get(address).status_code == 200
    assert admin.get(address).status_code == 200
    assert reviewer.get(address).status_code == (403 if "edit" in page else 200)
    for stranger in (world.learner, world.grantor):
        assert browser(stranger).get(address).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_another_institution_s_draft_does_not_exist(app, browser, session, draft, page):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    make_administrator(session, other.instructor)

    outsider = browser(other.instructor)

    assert outsider.get(f"/catalog/versions/{draft.id}{page}").status_code == 404


@pytest.mark.parametrize("state", ["in review", "approved"])
@pytest.mark.parametrize("page", PAGES[1:-1])
def test_what_stands_still_is_not_edited_by_any_door(
    author, admin, session, world, draft, again, state, page
):
    save_draft(session, draft, content_of(world.level_1).model_dump(mode="json"))
    submit_version(session, draft, actor="test", now=NOON)
    if state == "approved":
        approve_version(session, draft, reference="MCC 7", until=None, actor="test", now=NOON)
    session.commit()
    before = content_of(again(draft))
    address = f"/catalog/versions/{draft.id}{page}"

    for editor in (author, admin):
        assert editor.get(address).status_code == 403
        if not page.endswith("skills"):
            assert editor.post(address, data={"name": "Sneaked in", "seen": ""}).status_code == 403
        place = f"/catalog/versions/{draft.id}"
        assert editor.post(f"{place}/delete").status_code == 403
        assert editor.post(f"{place}/edit/skills/remove", data={"url": "x"}).status_code == 403

    assert content_of(again(draft)) == before
    assert again(draft).status is not VersionStatus.DRAFT


def test_the_preview_shows_an_incomplete_draft_and_harmlessly(author, draft, session):
    save_draft(
        session,
        draft,
        {
            "name": "<b>Bold</b>",
            "criteria_narrative": "<script>alert(1)</script> **Show**",
            "alignments": [{"target_name": "Bad", "target_url": "javascript:alert(1)"}],
            "criteria": [{"name": "Half", "levels": [{"name": "One"}]}, "nonsense"],
        },
    )
    session.commit()

    page = author.get(f"/catalog/versions/{draft.id}/preview").text

    assert "<b>Bold</b>" not in page
    assert "<b>Bold</b>" in unescape(page)
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "Only a preview" in page
