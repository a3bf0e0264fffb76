"""How many grantors must agree, and whether they know whose work it is: part of a version."""

import json

import pytest

from app.catalog.achievement_tables import COLUMNS, read_achievement_rows, write_achievement_rows
from app.catalog.approving import approve_version, submit_version
from app.catalog.checking import choose_level, known_levels
from app.catalog.content import content_of
from app.catalog.document import parse_spec
from app.catalog.drafts import save_draft
from app.catalog.exporting import export_version
from app.catalog.tables import read_table, write_table
from app.core.errors import InvalidError
from tests.catalog.test_editor import edit, fields_of
from tests.factories import NOON


def whole(world, **said):
    return content_of(world.level_1).model_dump(mode="json") | said


def carried(content):
    """One achievement through a table."""
    raw = "".join(write_table(COLUMNS, write_achievement_rows([content])))
    (read,) = read_achievement_rows(read_table(raw.encode()))
    return read


def save(author, draft, **typed):
    values = fields_of(author.get(edit(draft, "passing"))) | typed
    return author.post(edit(draft, "passing"), data=values)


def test_one_grantor_who_sees_names_is_what_is_usual(world):
    spec = content_of(world.level_1)

    assert (spec.grantors_needed, spec.is_anonymous) == (1, False)


def test_an_author_says_how_many_and_whether_anonymously(author, draft, again):
    answer = save(author, draft, grantors_needed="2", is_anonymous="y")

    assert answer.status_code == 303
    kept = again(draft).draft
    assert (kept["grantors_needed"], kept["is_anonymous"]) == (2, True)
    page = author.get(f"/catalog/versions/{draft.id}").text
    assert "by 2 grantors, who must agree" in page
    assert "anonymously: those who assess are not told whose work it is" in page


def test_what_is_usual_is_not_written_down(author, draft, again):
    save(author, draft, grantors_needed="1")

    assert "grantors_needed" not in again(draft).draft
    assert "is_anonymous" not in again(draft).draft
    assert "who must agree" not in author.get(f"/catalog/versions/{draft.id}").text


@pytest.mark.parametrize("typed", ["0", "6", "-1", "two", "1000000000"])
def test_a_number_that_is_none_is_kept_and_named(author, draft, again, typed):
    save(author, draft, grantors_needed=typed)

    assert str(again(draft).draft["grantors_needed"]) == typed
    page = author.get(edit(draft, "passing"))
    assert "How many grantors" in page.text
    assert f'value="{typed}"' in page.text
    assert f'href="{edit(draft, "passing")}#grantors_needed"' in author.get(edit(draft)).text


def test_it_is_frozen_with_the_version(session, world, draft, again):
    save_draft(session, draft, whole(world, grantors_needed=3, is_anonymous=True))
    submit_version(session, draft, actor="test", now=NOON)
    approve_version(session, draft, reference="MCC-2", until=None, actor="test", now=NOON)
    session.commit()

    version = again(draft)
    assert (version.grantors_needed, version.is_anonymous) == (3, True)
    assert content_of(version).grantors_needed == 3


def test_the_page_of_differences_names_both(author, session, world, draft):
    save_draft(session, draft, whole(world, grantors_needed=2, is_anonymous=True))
    draft.number = 2
    draft.achievement_id = world.level_1.achievement_id
    session.commit()

    page = author.get(f"/catalog/achievements/{draft.achievement_id}/compare").text

    assert "How many grantors must agree" in page
    assert "Assessed anonymously" in page


@pytest.mark.parametrize("said", [{"grantors_needed": 2}, {"is_anonymous": True}])
def test_what_nobody_assesses_needs_no_number_of_grantors(session, world, said):
    levels = known_levels(session, world.institution.id)
    levels["badge_1"].award_by = "request"
    spec = parse_spec(whole(world, criteria=[], pass_rule={"kind": "all_required"}, **said))

    with pytest.raises(InvalidError, match="is not assessed"):
        choose_level(spec, levels)


@pytest.mark.parametrize("said", [{"grantors_needed": 2, "is_anonymous": True}, {}])
def test_a_table_carries_both_ways(world, said):
    content = whole(world, **said)

    read = carried(content)

    assert read.problems == ()
    spec = parse_spec(read.content)
    assert spec.grantors_needed == said.get("grantors_needed", 1)
    assert spec.is_anonymous is said.get("is_anonymous", False)


def test_a_table_that_says_maybe_is_refused(world):
    read = carried(whole(world, is_anonymous="perhaps"))

    with pytest.raises(InvalidError, match="is_anonymous"):
        parse_spec(read.content)


def test_the_document_carries_both_out(session, world):
    world.level_1.grantors_needed, world.level_1.is_anonymous = 2, True
    session.flush()

    exported = json.loads(export_version(world.level_1, "document", base_url="https://tool.test"))

    (said,) = exported["achievements"]
    assert (said["grantors_needed"], said["is_anonymous"]) == (2, True)
