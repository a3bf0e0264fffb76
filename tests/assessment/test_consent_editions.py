"""What everybody may see of the work enters the credential, and leaves it, by a new edition."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.assessment.consents import Choice, Signature, Terms, sign_consent, withdraw_consent
from app.awards.contents import digest_multibase
from app.awards.edition_jobs import reissue_chunk
from app.awards.models import Award
from app.awards.signer import Signer
from app.awards.status_models import CredentialEdition, EditionReason
from app.courses.models import Person
from app.evidence.consent_models import Audience, ShownAs
from app.evidence.storage import open_storage
from app.launch.erasure import erase_names
from app.platforms.models import KeyStatus
from app.programme.models import IssuerKey
from tests.assessment.consent import PIXEL, add_member, make_shown_work
from tests.conftest import BASE_URL
from tests.signing import SIGNING

NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def shown(session, world, settings):
    award, artifacts = make_shown_work(session, world, open_storage(settings))
    session.commit()
    return award, artifacts


@pytest.fixture
def evidence(monkeypatch):
    """The evidence that was handed over to be signed, edition by edition."""
    handed = []
    sign = Signer.sign

    def watch(signer, award, *others, now):
        handed.append(award.evidence)
        return sign(signer, award, *others, now=now)

    monkeypatch.setattr(Signer, "sign", watch)
    return handed


def sign(session, world, award, choices, audience=Audience.PUBLIC):
    consent = sign_consent(
        session,
        award,
        choices,
        Terms(audience),
        Signature(world.learner.name, agrees=True, launch="session:1"),
        person=world.learner,
        **SIGNING,
        now=NOW,
    )
    session.commit()
    return consent


def test_a_consent_for_all_puts_the_work_into_the_credential(session, world, shown, evidence):
    award, (text, picture) = shown

    consent = sign(
        session,
        world,
        award,
        [
            Choice(text.id, ShownAs.DESCRIPTION, description="What I searched."),
            Choice(picture.id, ShownAs.FULL),
        ],
    )

    ((described, file),) = evidence
    assert (described.id, described.narrative) == (None, "What I searched.")
    assert described.digest_multibase is None
    item = consent.items[1]
    assert file.id == f"{BASE_URL}/credentials/{award.public_id}/evidence/{item.id}"
    assert file.digest_multibase == digest_multibase(hashlib.sha256(PIXEL).hexdigest())
    assert (file.name, file.media_type) == ("poster.png", "image/png")
    edition = session.scalars(select(CredentialEdition)).one()
    assert (edition.reason, award.edition) == (EditionReason.EVIDENCE, 2)


def test_the_evidence_stands_unchanged_at_its_address(session, browser, world, shown, evidence):
    award, (_text, picture) = shown
    sign(session, world, award, [Choice(picture.id, ShownAs.FULL)])
    ((file,),) = evidence

    answer = browser(None).get(file.id.removeprefix(BASE_URL))

    assert digest_multibase(hashlib.sha256(answer.data).hexdigest()) == file.digest_multibase


def test_taking_it_back_takes_it_out_again(session, world, shown, evidence):
    award, (_text, picture) = shown
    consent = sign(session, world, award, [Choice(picture.id, ShownAs.FULL)])

    withdraw_consent(session, consent, person=world.learner, **SIGNING, now=NOW)
    session.commit()

    assert [len(each) for each in evidence] == [1, 0]
    assert award.edition == 3


def test_a_link_with_a_secret_never_enters_the_credential(session, world, shown, evidence):
    award, (_text, picture) = shown

    sign(session, world, award, [Choice(picture.id, ShownAs.FULL)], Audience.LINK)

    assert evidence == []
    assert award.edition == 1


def test_going_over_from_all_to_a_link_takes_it_out(session, world, shown, evidence):
    award, (_text, picture) = shown
    sign(session, world, award, [Choice(picture.id, ShownAs.FULL)])

    sign(session, world, award, [Choice(picture.id, ShownAs.FULL)], Audience.LINK)

    assert [len(each) for each in evidence] == [1, 0]


def test_no_missing_key_keeps_anybody_from_taking_a_consent_back(session, world, shown, evidence):
    award, (_text, picture) = shown
    consent = sign(session, world, award, [Choice(picture.id, ShownAs.FULL)])
    for key in session.scalars(select(IssuerKey)):
        key.status = KeyStatus.RETIRING
    session.commit()

    withdraw_consent(session, consent, person=world.learner, **SIGNING, now=NOW)
    session.commit()

    assert consent.withdrawn_at == NOW
    assert session.get(Award, award.id).edition == 2


def test_what_could_not_follow_a_consent_follows_by_the_job(session, world, shown, evidence):
    award, (_text, picture) = shown
    consent = sign(session, world, award, [Choice(picture.id, ShownAs.FULL)])
    assert reissue_chunk(session, world.institution.id, **SIGNING, now=LATER) == 0
    key = session.scalars(select(IssuerKey)).one()
    key.status = KeyStatus.RETIRING
    session.commit()
    withdraw_consent(session, consent, person=world.learner, **SIGNING, now=LATER)
    key.status = KeyStatus.ACTIVE
    session.commit()

    assert reissue_chunk(session, world.institution.id, **SIGNING, now=LATER) == 1

    assert [len(each) for each in evidence] == [1, 0]
    reasons = session.scalars(select(CredentialEdition.reason)).all()
    assert reasons == [EditionReason.EVIDENCE, EditionReason.EVIDENCE]
    assert reissue_chunk(session, world.institution.id, **SIGNING, now=LATER) == 0


def test_nothing_that_the_holder_wrote_stays_once_they_are_forgotten(
    session, world, shown, evidence
):
    award, (text, _picture) = shown
    words = [Choice(text.id, ShownAs.DESCRIPTION, description="My own words.")]
    sign(session, world, award, words)
    award.credential = award.credential.replace("}", ',"words":"My own words."}', 1)
    session.commit()

    erase_names(session, session.get(Person, world.learner.id), actor="x:y", now=LATER)
    assert reissue_chunk(session, world.institution.id, **SIGNING, now=LATER) == 1
    session.commit()

    assert [len(each) for each in evidence] == [1, 0]
    assert set(session.scalars(select(CredentialEdition.credential))) == {""}
    assert "My own words." not in session.get(Award, award.id).credential


def test_in_a_group_the_others_credentials_follow(session, world, shown, evidence):
    """Work is shown only while each author agrees; see test_group_consent."""
    mine, (_text, picture) = shown
    theirs = add_member(session, world)
    sign(session, world, mine, [Choice(picture.id, ShownAs.FULL)])
    consent = sign_consent(
        session,
        theirs,
        [Choice(picture.id, ShownAs.FULL)],
        Terms(Audience.PUBLIC),
        Signature(world.other_learner.name, agrees=True, launch="session:1"),
        person=world.other_learner,
        **SIGNING,
        now=NOW,
    )
    withdraw_consent(session, consent, person=world.other_learner, **SIGNING, now=NOW)
    session.commit()

    # Mine alone: nothing; then both of one; then nothing with either.
    assert [len(each) for each in evidence] == [0, 1, 1, 0, 0]
    assert (mine.edition, theirs.edition) == (4, 3)
