"""Status lists: random places, one bit per award, signed with every change."""

import base64
import gzip
import json
import threading

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.awards import status_lists
from app.awards.bulk import issue_awards
from app.awards.models import Award
from app.awards.revoking import revoke_award, take_back
from app.awards.status_bits import SMALLEST, build_list, encode_bits, is_bit_set, with_bits
from app.awards.status_lists import resign_lists, set_bits, take_entries, take_entry
from app.awards.status_models import StatusList
from app.core.errors import InvalidError
from app.credentials.keys import (
    decode_multibase,
    generate_private_key,
    multikey_to_public,
    public_multikey,
)
from app.credentials.signing import digest_canonically
from app.platforms.models import KeyStatus
from app.programme.models import IssuerKey
from app.programme.service import issuer_did, list_published_multikeys
from tests.conftest import BASE_URL
from tests.factories import NOON
from tests.signing import SIGNING


def read_list(browser, award, session):
    status_list = session.get(StatusList, award.status_list_id)
    return browser(None).get(f"/status/{status_list.public_id}")


def published_bits(page):
    encoded = page.get_json()["credentialSubject"]["encodedList"]
    assert encoded[0] == "u"
    return gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))


def is_refused(browser, session, award):
    session.expire_all()
    return is_bit_set(published_bits(read_list(browser, award, session)), award.status_index)


def test_the_first_bit_is_the_highest_of_the_first_byte():
    bits = with_bits(bytes(2), [0, 9], is_set=True)

    assert bits == bytes([0b1000_0000, 0b0100_0000])
    assert [number for number in range(16) if is_bit_set(bits, number)] == [0, 9]
    assert with_bits(bits, [9], is_set=False) == bytes([0b1000_0000, 0])
    with pytest.raises(InvalidError, match="no such entry"):
        is_bit_set(bits, 16)


def test_the_same_bits_are_the_same_text():
    bits = with_bits(bytes(SMALLEST // 8), [5], is_set=True)

    assert encode_bits(bits) == encode_bits(bits)
    assert encode_bits(bits) != encode_bits(bytes(SMALLEST // 8))


def test_a_list_that_is_too_short_is_refused():
    with pytest.raises(InvalidError, match="too short"):
        build_list("https://tool.test/status/x", issuer_did="did:web:x", bits=bytes(8), now=NOON)


def test_each_award_has_a_place_of_its_own_at_random(session, issue, world):
    one, two = issue(world.learner), issue(world.other_learner)

    assert one.status_list_id == two.status_list_id
    assert one.status_index != two.status_index
    # Two in a row beside each other would be one chance in sixty thousand.
    assert abs(one.status_index - two.status_index) > 1
    assert session.scalars(select(StatusList.taken)).all() == [2]


def test_the_list_verifies_with_the_issuers_keys(browser, session, award, world):
    page = read_list(browser, award, session)

    document = page.get_json()
    did = issuer_did(BASE_URL, world.issuer)
    assert document["issuer"] == did
    assert document["credentialSubject"]["statusPurpose"] == "revocation"
    proof = document.pop("proof")
    signature = decode_multibase(proof.pop("proofValue"))
    (multikey,) = list_published_multikeys(session, world.issuer.id)
    assert proof["verificationMethod"] == f"{did}#{multikey}"
    multikey_to_public(multikey).verify(signature, digest_canonically(document, proof))
    assert len(published_bits(page)) * 8 == SMALLEST
    assert not any(published_bits(page))


def test_the_list_is_cached_shortly_and_not_sent_twice(browser, session, award):
    page = read_list(browser, award, session)

    assert page.mimetype == "application/vc+ld+json"
    assert page.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in page.headers
    again = browser(None).get(page.request.path, headers={"If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304
    assert browser(None).get("/status/none").status_code == 404


def test_a_revocation_shows_in_the_list_at_once(browser, session, issue, world, award):
    other = issue(world.other_learner)
    before = read_list(browser, award, session).headers["ETag"]

    revoke_award(session, award, reason="Copied.", actor="command:x", **SIGNING, now=NOON)
    session.commit()

    assert read_list(browser, award, session).headers["ETag"] != before
    assert is_refused(browser, session, award)
    assert not is_refused(browser, session, other)


def test_a_list_is_filled_to_half_and_then_another_is_opened(monkeypatch, session, world):
    monkeypatch.setattr(status_lists, "SIZE", SMALLEST)
    first, _index = take_entry(session, world.issuer, **SIGNING, now=NOON)
    first.taken = first.size // 2 - 2
    session.flush()

    entries = take_entries(session, world.issuer, 5, **SIGNING, now=NOON)

    lists = [status_list.id for status_list, _ in entries]
    assert lists[:2] == [first.id, first.id]
    assert len(set(lists[2:])) == 1
    assert lists[2] != first.id
    assert [each.taken for each in session.scalars(select(StatusList).order_by(StatusList.id))] == [
        first.size // 2,
        3,
    ]


def test_a_place_that_is_taken_is_not_drawn(monkeypatch, session, award, world):
    drawn = iter([award.status_index, award.status_index, 77])
    monkeypatch.setattr(status_lists.secrets, "randbelow", lambda _size: next(drawn))

    _list, index = take_entry(session, world.issuer, **SIGNING, now=NOON)

    assert index == 77


def test_many_revocations_sign_their_list_once(monkeypatch, session, world, souvenir):
    issued = issue_awards(
        session,
        version=souvenir,
        person_ids=[world.learner.id, world.other_learner.id],
        awarded_by=world.grantor.id,
        actor="command:x",
        **SIGNING,
        now=NOON,
    )
    awards = session.scalars(select(Award).where(Award.id.in_(issued.awards.values()))).all()
    session.commit()
    signings = []
    sign = status_lists.sign_credential
    monkeypatch.setattr(
        status_lists, "sign_credential", lambda *a, **k: signings.append(1) or sign(*a, **k)
    )

    take_back(session, awards, reason="Wrong list.", actor="command:x", **SIGNING, now=NOON)

    assert len(awards) == 2
    assert signings == [1]
    bits = session.scalars(select(StatusList.bits)).one()
    assert all(is_bit_set(bits, award.status_index) for award in awards)
    set_bits(session, awards, is_set=True, **SIGNING, now=NOON)
    assert signings == [1], "what changes nothing is not signed again"


def test_two_revocations_at_once_both_stand(app, session, issue, world):
    awards = [issue(world.learner), issue(world.other_learner)]
    ids = [award.id for award in awards]
    barrier = threading.Barrier(2)
    problems = []

    def revoke(award_id):
        from app.core.db import transaction

        try:
            with app.app_context():
                barrier.wait()
                with transaction() as writing:
                    award = writing.get_one(Award, award_id)
                    revoke_award(writing, award, reason="X", actor="x:y", **SIGNING, now=NOON)
        except Exception as error:  # noqa: BLE001 (a thread's failure must fail the test)
            problems.append(error)

    threads = [threading.Thread(target=revoke, args=(each,)) for each in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert problems == []
    with Session(session.get_bind()) as fresh:
        bits = fresh.scalars(select(StatusList.bits)).one()
        signed = fresh.scalars(select(StatusList.signed)).one()
        assert all(
            is_bit_set(bits, index) for index in fresh.scalars(select(Award.status_index)).all()
        )
    assert json.loads(signed)["credentialSubject"]["encodedList"] == encode_bits(bits)


def test_lists_follow_the_issuers_key(session, award, world):
    old = session.scalars(select(IssuerKey)).one()
    assert resign_lists(session, world.issuer, **SIGNING, now=NOON) == 0
    private = generate_private_key()
    old.status = KeyStatus.RETIRING
    session.add(
        IssuerKey(
            issuer_id=world.issuer.id,
            multikey=public_multikey(private),
            private_key_sealed=SIGNING["vault"].seal(private),
            status=KeyStatus.ACTIVE,
            created_at=NOON,
        )
    )
    session.flush()

    assert resign_lists(session, world.issuer, **SIGNING, now=NOON) == 1

    proof = json.loads(session.scalars(select(StatusList.signed)).one())["proof"]
    assert proof["verificationMethod"].endswith(public_multikey(private))
