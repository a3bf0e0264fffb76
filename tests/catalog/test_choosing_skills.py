"""Choosing skills for a draft: searched in what is imported, or typed by hand."""

import pytest
from sqlalchemy import select

from app.catalog.drafts import save_draft
from app.catalog.skill_files import read_skills
from app.catalog.skill_import import import_skills
from app.catalog.skill_models import Skill
from app.catalog.skills import find_skills
from tests import factories
from tests.factories import NOON

HEAD = "framework,name,url,code,description\n"
ROW = "Local,Listen,https://skills.test/1,L1,Hears.\n"


def bring_in(session, world, text):
    read = read_skills(text.encode())
    import_skills(session, world.institution.id, read, actor="test", now=NOON)
    session.commit()


def test_skills_are_found_by_all_words_in_any_script_and_by_code(session, world):
    rows = (
        "Local,Active Listening,https://s.test/1,2.A.1.b,Giving full attention.\n"
        "Local,ÜBUNG des Zuhörens,https://s.test/2,U1,\n"
        "Local,100% sure,https://s.test/3,P1,\n"
        "Local,الاستماع,https://s.test/4,A1,\n"
    )
    bring_in(session, world, HEAD + rows)

    def found(words):
        answer = find_skills(session, world.institution.id, words=words, framework_id=None)
        return [skill.code for skill in answer.items]

    assert found("listening ATTENTION") == ["2.A.1.b"]
    assert found("2.a.1") == ["2.A.1.b"]
    assert found("übung") == ["U1"]
    assert found("100%") == ["P1"]
    assert found("_") == []
    assert found("الاستماع") == ["A1"]
    assert found("") == []


def test_another_institution_s_skills_are_neither_found_nor_chosen(
    app, session, world, author, draft
):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    bring_in(session, other, HEAD + ROW)
    skill = session.scalar(select(Skill))

    assert find_skills(session, world.institution.id, words="listen", framework_id=None).count == 0
    page = author.post(f"/catalog/versions/{draft.id}/edit/skills/add", data={"skill": skill.id})
    assert page.status_code == 404


def test_a_skill_is_searched_added_once_and_removed(author, session, world, draft, again):
    bring_in(session, world, HEAD + ROW)
    place = f"/catalog/versions/{draft.id}/edit/skills"
    page = author.get(f"{place}?q=listen")
    assert "1 skill fits" in page.text
    skill = session.scalar(select(Skill))

    answer = author.post(f"{place}/add?q=listen", data={"skill": skill.id})
    assert answer.location.endswith("?q=listen")
    assert again(draft).draft["alignments"] == [
        {
            "target_name": "Listen",
            "target_url": "https://skills.test/1",
            "target_framework": "Local",
            "target_code": "L1",
            "target_description": "Hears.",
        }
    ]
    assert author.post(f"{place}/add", data={"skill": skill.id}).status_code == 422
    assert "Named already" in author.get(f"{place}?q=listen").text
    fragment = author.get(f"{place}?q=listen", headers={"X-Fragment": "1"}).text
    assert "<h1" not in fragment

    author.post(f"{place}/remove", data={"url": "https://skills.test/1"})
    assert "alignments" not in again(draft).draft


@pytest.mark.parametrize("skill", ["", "x", "0", "999999", "9" * 30])
def test_a_skill_that_is_not_there_is_not_added(author, draft, skill):
    page = author.post(f"/catalog/versions/{draft.id}/edit/skills/add", data={"skill": skill})
    assert page.status_code == 404


def test_a_skill_is_typed_by_hand(author, draft, again):
    place = f"/catalog/versions/{draft.id}/edit/skills/by-hand"
    assert author.get(place).status_code == 200

    answer = author.post(
        place,
        data={
            "target_name": "Écouter",
            "target_url": "https://skills.test/é",
            "target_type": "ext:RSD",
            "target_code": "",
        },
    )

    assert answer.status_code == 303
    assert again(draft).draft["alignments"] == [
        {
            "target_name": "Écouter",
            "target_url": "https://skills.test/é",
            "target_type": "ext:RSD",
        }
    ]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "ftp://skills.test/1",
        "https://user:secret@skills.test/1",
        "https://:secret@skills.test/1",
        "//skills.test/1",
        "https://",
        "skills.test",
        "https://skills.test/a b",
        "",
    ],
)
def test_an_address_that_is_no_plain_web_address_is_refused(author, draft, again, address):
    place = f"/catalog/versions/{draft.id}/edit/skills/by-hand"

    page = author.post(place, data={"target_name": "Bad", "target_url": address})

    assert page.status_code == 422
    assert "Its web address: " in page.text
    assert "alignments" not in again(draft).draft


def test_a_draft_takes_no_more_than_fifty_skills(author, session, world, draft, again):
    full = [{"target_name": str(n), "target_url": f"https://s.test/{n}"} for n in range(50)]
    save_draft(session, draft, {"alignments": full})
    session.commit()
    bring_in(session, world, HEAD + ROW)
    skill = session.scalar(select(Skill))

    page = author.post(f"/catalog/versions/{draft.id}/edit/skills/add", data={"skill": skill.id})

    assert page.status_code == 422
    assert len(again(draft).draft["alignments"]) == 50
