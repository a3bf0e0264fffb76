"""Many who claim at once; and codes, letter by letter."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.awards.claim_codes import draw_code, group_code, read_code
from app.awards.claims import claim_souvenir
from app.awards.models import Award
from app.awards.souvenir_models import Claim, ClaimUse
from app.core.audit import find_broken_entry
from app.core.db import transaction
from app.core.errors import ConflictError
from app.core.principal import Role
from app.courses.models import Person
from tests import factories
from tests.awards.souvenir_world import make_souvenir
from tests.awards.test_claims import code, make_code, shown_code

__all__ = ["code"]


@pytest.mark.parametrize(("people", "places"), [(8, 3)])
def test_the_number_is_exact_when_all_come_at_once(app, browser, session, world, people, places):
    souvenir = make_souvenir(session, world, slug="rush", name="Rush")
    grantor = browser(world.grantor)
    make_code(grantor, souvenir, max_count=places)
    code = shown_code(grantor)
    ids = [
        factories.make_person(session, world.course, Role.LEARNER, f"Learner {n}").id
        for n in range(people)
    ]
    session.commit()
    gate, outcomes = threading.Barrier(people), []

    def come(person_id):
        with app.app_context():
            gate.wait()
            try:
                with transaction() as write:
                    claim_souvenir(
                        write,
                        code,
                        write.get_one(Person, person_id),
                        vault=app.extensions["assay.vault"],
                        base_url="https://tool.test",
                        now=datetime.now(UTC),
                    )
                outcomes.append("awarded")
            except ConflictError:
                outcomes.append("refused")

    threads = [threading.Thread(target=come, args=(person_id,)) for person_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["awarded"] * places + ["refused"] * (people - places)
    session.expire_all()
    assert session.scalars(select(Claim)).one().taken == places
    assert session.scalar(select(func.count()).select_from(ClaimUse)) == places
    assert session.scalar(select(func.count()).select_from(Award)) == places
    assert find_broken_entry(session, world.institution.id) is None


def test_one_person_at_two_screens_claims_once(app, browser, session, world, code):
    gate, outcomes = threading.Barrier(2), []

    def come():
        with app.app_context():
            gate.wait()
            try:
                with transaction() as write:
                    claim_souvenir(
                        write,
                        code,
                        write.get_one(Person, world.learner.id),
                        vault=app.extensions["assay.vault"],
                        base_url="https://tool.test",
                        now=datetime.now(UTC),
                    )
                outcomes.append("awarded")
            except ConflictError:
                outcomes.append("refused")

    threads = [threading.Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["awarded", "refused"]
    with Session(session.get_bind()) as fresh:
        assert fresh.scalars(select(Claim)).one().taken == 1


def test_codes_are_read_as_people_type_them():
    for _ in range(200):
        code = draw_code()
        typed = group_code(code).lower().replace("0", "o").replace("1", "l")
        assert read_code(typed) == code
        assert read_code(code[:-1]) is None
    assert read_code("") is None
    assert read_code("UUUU-UUUU-UUU") is None


def test_one_wrong_letter_or_two_swapped_are_noticed():
    from app.awards.claim_codes import LETTERS

    code = draw_code()
    for place in range(len(code)):
        for letter in LETTERS.replace(code[place], ""):
            assert read_code(code[:place] + letter + code[place + 1 :]) is None
    for place in range(len(code) - 2):
        if code[place] != code[place + 1]:
            swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            assert read_code(swapped) is None
