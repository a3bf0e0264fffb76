"""Work of a group is shown only if each of its authors who holds the award agrees."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from app.assessment.consents import (
    Choice,
    Signature,
    Terms,
    find_standing_consent,
    sign_consent,
    withdraw_consent,
)
from app.assessment.disclosing import find_public, open_by_link
from app.evidence.consent_models import Audience, RedactedCopy, ShownAs
from app.evidence.storage import open_storage
from tests.assessment.consent import add_member, make_shown_work
from tests.signing import SIGNING

NOW = datetime.now(UTC)


@pytest.fixture
def group(session, world, settings):
    """Mei's and Jonas's work, for which both hold the award."""
    mine, artifacts = make_shown_work(session, world, open_storage(settings))
    theirs = add_member(session, world)
    return mine, theirs, artifacts


def sign(session, award, person, artifacts, how=ShownAs.FULL, to=Audience.PUBLIC, **more):
    return sign_consent(
        session,
        award,
        [Choice(artifact.id, how, **more) for artifact in artifacts],
        Terms(to),
        Signature(person.name, agrees=True, launch="session:1"),
        person=person,
        **SIGNING,
        now=NOW,
    )


def shown(session, award):
    found = find_public(session, award, now=NOW)
    return [item.name for item in found.items] if found else None


def forms(session, award):
    found = find_public(session, award, now=NOW)
    return [(item.shown_as.value, item.artifact, item.description) for item in found.items]


def copy_of(session, person, artifact, words):
    copy = RedactedCopy(
        institution_id=artifact.institution_id,
        artifact_id=artifact.id,
        person_id=person.id,
        original_sha256=artifact.sha256,
        file_name="redacted.txt",
        media_type="text/plain",
        size_bytes=len(words),
        storage_key=sha256(f"{person.id} {words}".encode()).hexdigest()[:32],
        sha256=sha256(words.encode()).hexdigest(),
        created_at=NOW,
    )
    session.add(copy)
    session.flush()
    return copy.id


def test_one_authors_consent_alone_shows_nothing(session, world, group):
    mine, _theirs, artifacts = group

    sign(session, mine, world.learner, artifacts)

    assert shown(session, mine) == []


def test_what_all_have_agreed_to_is_shown_with_each_award(session, world, group):
    mine, theirs, artifacts = group
    sign(session, mine, world.learner, artifacts)

    sign(session, theirs, world.other_learner, artifacts[:1])

    assert shown(session, mine) == ["Text"]
    assert shown(session, theirs) == ["Text"]


def test_who_takes_it_back_takes_it_back_for_all(session, world, group):
    mine, theirs, artifacts = group
    sign(session, mine, world.learner, artifacts)
    sign(session, theirs, world.other_learner, artifacts)

    standing = find_standing_consent(session, theirs.id)
    withdraw_consent(session, standing, person=world.other_learner, **SIGNING, now=NOW)

    assert shown(session, mine) == []
    assert shown(session, theirs) is None


def test_an_author_without_the_award_is_not_asked(session, world, group):
    mine, theirs, artifacts = group
    sign(session, mine, world.learner, artifacts)

    theirs.revoked_at = NOW
    session.flush()

    assert shown(session, mine) == ["Text", "poster.png"]


def test_who_shows_it_by_link_alone_shows_nothing_to_everybody(session, world, group):
    mine, theirs, artifacts = group
    sign(session, theirs, world.other_learner, artifacts, to=Audience.LINK)

    sign(session, mine, world.learner, artifacts)

    assert shown(session, mine) == []


def test_who_shows_it_to_everybody_has_agreed_to_a_link(session, world, group):
    mine, theirs, artifacts = group
    sign(session, theirs, world.other_learner, artifacts[:1])

    consent = sign(session, mine, world.learner, artifacts, to=Audience.LINK)

    secret = SIGNING["vault"].open(consent.secret_sealed).decode()
    assert [item.name for item in open_by_link(session, secret, now=NOW).items] == ["Text"]


@pytest.mark.parametrize("form", [ShownAs.DESCRIPTION, ShownAs.REDACTED])
def test_of_what_another_does_not_show_in_full_the_own_words_are_left(session, world, group, form):
    mine, theirs, artifacts = group
    theirs_copy = copy_of(session, world.other_learner, artifacts[0], "theirs")
    redacted_id = theirs_copy if form is ShownAs.REDACTED else None
    sign(
        session,
        theirs,
        world.other_learner,
        artifacts[:1],
        form,
        description="Jonas's words",
        redacted_id=redacted_id,
    )

    sign(session, mine, world.learner, artifacts[:1], description="Mei's words")

    assert forms(session, mine) == [("description", None, "Mei's words")]
    item_form, artifact, _words = forms(session, theirs)[0]
    assert (item_form, artifact) == (form.value, None)


def test_without_own_words_nothing_is_left(session, world, group):
    mine, theirs, artifacts = group
    sign(
        session, theirs, world.other_learner, artifacts, ShownAs.DESCRIPTION, description="My words"
    )

    sign(session, mine, world.learner, artifacts)

    assert forms(session, mine) == []


@pytest.mark.parametrize(("words", "count"), [("the same", 1), ("another", 0)])
def test_two_redacted_copies_have_to_be_the_same(session, world, group, words, count):
    mine, theirs, (text, _picture) = group
    own = copy_of(session, world.learner, text, "the same")
    other = copy_of(session, world.other_learner, text, words)
    sign(session, theirs, world.other_learner, [text], ShownAs.REDACTED, redacted_id=other)

    sign(session, mine, world.learner, [text], ShownAs.REDACTED, redacted_id=own)

    assert [form for form, *_ in forms(session, mine)] == ["redacted"] * count


def test_the_last_word_of_an_author_holds(session, world, group):
    mine, theirs, artifacts = group
    sign(session, mine, world.learner, artifacts)
    sign(session, theirs, world.other_learner, artifacts)

    sign(session, theirs, world.other_learner, artifacts, to=Audience.LINK)

    assert shown(session, mine) == []


def test_the_page_says_that_others_have_to_agree(browser, session, world, group):
    mine, theirs, _artifacts = group
    here = f"/my/credentials/{mine.public_id}/evidence"
    words = "Others made this with you"
    session.commit()
    assert words in browser(world.learner).get(here).text

    theirs.revoked_at = NOW
    session.commit()

    assert words not in browser(world.learner).get(here).text
