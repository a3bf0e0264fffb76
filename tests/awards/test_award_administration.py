"""The administrators' pages of single awards."""

import pytest
from sqlalchemy import select

from app.awards.models import Award
from app.awards.status_models import CredentialEdition, RevocationRequest
from app.programme.administrators import appoint_administrator
from tests.factories import NOON


@pytest.fixture
def appointed(browser, session, world):
    """Make somebody an administrator; return their browser."""

    def appoint(person):
        appoint_administrator(
            session, world.institution.id, person_id=person.id, actor="command:test", now=NOON
        )
        session.commit()
        return browser(person)

    return appoint


@pytest.fixture
def administrator(appointed, world):
    return appointed(world.instructor)


@pytest.fixture
def gold(issue, world):
    return issue(world.learner, version=world.level_2)


def fresh(session, award):
    session.expire_all()
    return session.get(Award, award.id)


def test_no_award_yet_teaches(administrator):
    assert "No award yet" in administrator.get("/admin/awards").text


@pytest.mark.parametrize("asked", ["mei", "MEI@university", "Badge 1", "{address}"])
def test_an_award_is_found_by_holder_title_or_address(
    session, administrator, issue, world, award, asked
):
    issue(world.other_learner, version=world.level_2)
    text = {
        "{address}": f"https://tool.test/credentials/{award.public_id}",
        "Badge 1": award.version.name,
    }.get(asked, asked)

    page = administrator.get("/admin/awards", query_string={"q": text}).text

    assert f'"/admin/awards/{award.id}"' in page
    assert "1 award" in page


def test_awards_are_found_by_state(session, administrator, issue, world, award):
    other = issue(world.other_learner)
    administrator.post(f"/admin/awards/{award.id}/suspend", data={"reason": "Looked into."})

    def ids(state):
        page = administrator.get("/admin/awards", query_string={"state": state}).text
        return [each for each in (award.id, other.id) if f'"/admin/awards/{each}"' in page]

    assert ids("suspended") == [award.id]
    assert ids("valid") == [other.id]
    assert ids("revoked") == ids("expired") == []
    assert ids("nonsense") == ids("") == [award.id, other.id]


def test_nothing_is_found_of_another_institution(session, administrator, award):
    from app.platforms.service import create_institution

    other = create_institution(session, slug="other", name="Other", actor="x:y", now=NOON)
    award.institution_id = other.id
    session.commit()

    assert f'"/admin/awards/{award.id}"' not in administrator.get("/admin/awards").text
    assert administrator.get(f"/admin/awards/{award.id}").status_code == 404
    answer = administrator.post(f"/admin/awards/{award.id}/suspend", data={"reason": "X"})
    assert answer.status_code == 404


def test_an_award_is_suspended_with_a_reason_and_given_back(session, administrator, award):
    page = f"/admin/awards/{award.id}"
    assert administrator.post(f"{page}/suspend", data={"reason": " "}).status_code == 422

    answer = administrator.post(f"{page}/suspend", data={"reason": "Looked into."})

    assert answer.status_code == 303
    assert "Looked into." in administrator.get(page).text
    assert administrator.post(f"{page}/resume").status_code == 303
    assert fresh(session, award).suspended_at is None
    assert administrator.post(f"{page}/resume").status_code == 409


def test_an_award_without_published_work_is_revoked_at_once(session, administrator, award):
    page = f"/admin/awards/{award.id}"
    assert "one person alone" not in administrator.get(f"{page}/revoke").text

    administrator.post(f"{page}/revoke", data={"reason": "Copied."})

    assert fresh(session, award).revocation_reason == "Copied."
    shown = administrator.get(page).text
    assert "Copied." in shown
    assert "What to do" not in shown


def test_two_administrators_revoke_an_award_with_published_work(
    session, administrator, appointed, world, gold
):
    page = f"/admin/awards/{gold.id}"
    assert "one person alone" in administrator.get(f"{page}/revoke").text
    administrator.post(f"{page}/revoke", data={"reason": "Copied."})
    assert fresh(session, gold).revoked_at is None
    (request,) = session.scalars(select(RevocationRequest)).all()
    answer = f"/admin/revocations/{request.id}"
    assert "Confirm the revocation" not in administrator.get(page).text
    assert administrator.post(f"{answer}/confirm").status_code == 403

    second = appointed(world.grantor)
    assert "A revocation waits to be confirmed" in second.get("/admin/awards").text
    assert "Confirm the revocation" in second.get(page).text
    assert second.post(f"{answer}/confirm").status_code == 303

    assert fresh(session, gold).revocation_reason == "Copied."
    assert second.post(f"{answer}/confirm").status_code == 404


def test_a_request_is_dropped(session, administrator, gold):
    administrator.post(f"/admin/awards/{gold.id}/revoke", data={"reason": "Copied."})
    (request,) = session.scalars(select(RevocationRequest)).all()

    assert administrator.post(f"/admin/revocations/{request.id}/drop").status_code == 303

    assert "was asked for" not in administrator.get(f"/admin/awards/{gold.id}").text


def test_a_name_is_corrected_and_the_chain_is_shown(session, administrator, award):
    page = f"/admin/awards/{award.id}"
    for bad in ({"name": "", "email": ""}, {"name": "Mei", "email": "nonsense"}):
        assert administrator.post(f"{page}/correct", data=bad).status_code == 422

    answer = administrator.post(f"{page}/correct", data={"name": "Mei Ling", "email": ""})

    assert answer.status_code == 303
    assert fresh(session, award).recipient_name == "Mei Ling"
    shown = administrator.get(page).text
    assert "the name was corrected" in shown
    assert "edition 2" in shown


def test_a_new_address_makes_another_edition(session, administrator, award):
    old = award.credential

    administrator.post(
        f"/admin/awards/{award.id}/correct", data={"name": "", "email": "mei@home.example"}
    )

    kept = session.scalars(select(CredentialEdition)).one()
    assert (kept.credential, kept.reason) == (old, "new_address")
    assert fresh(session, award).recipient_name == "Mei Student"


def test_a_souvenir_is_renewed_and_leads_to_the_new_one(
    app, session, administrator, world, souvenir
):
    from tests.certificates import give

    souvenir.validity_months = 1
    award = give(app, session, world.learner, souvenir, now=NOON.replace(year=2025))
    session.commit()

    answer = administrator.post(f"/admin/awards/{award.id}/renew")

    new = session.scalars(select(Award).where(Award.renews_id == award.id)).one()
    assert answer.location == f"/admin/awards/{new.id}"
    assert f'"/admin/awards/{new.id}"' in administrator.get(f"/admin/awards/{award.id}").text
    assert f'"/admin/awards/{award.id}"' in administrator.get(f"/admin/awards/{new.id}").text


def test_what_was_awarded_for_work_says_how_it_is_renewed(session, administrator, award):
    award.valid_until = NOON.replace(year=2030)
    session.commit()

    assert "new work" in administrator.get(f"/admin/awards/{award.id}").text
    assert administrator.post(f"/admin/awards/{award.id}/renew").status_code == 409
