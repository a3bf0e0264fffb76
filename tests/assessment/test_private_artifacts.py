"""Level I artifacts have no public door at all: a stranger tries each address of the site."""

import re
from datetime import UTC, datetime

import pytest

from app.core.crypto import Vault, hash_secret
from app.evidence.consent_models import Audience, Consent, ConsentItem, ShownAs
from app.evidence.models import Submission
from app.evidence.storage import open_storage
from tests.assessment.consent import PIXEL, SECRET_WORDS, make_shown_work
from tests.conftest import SECRET

LINK_SECRET = "s" * 43


def forge_consents(session, award, artifacts):
    """Write consents into the tables as no page would: to everybody, and by a link."""
    submission = session.query(Submission).one()
    for audience in Audience:
        secret = LINK_SECRET if audience is Audience.LINK else "p" * 43
        session.add(
            Consent(
                institution_id=award.institution_id,
                person_id=award.person_id,
                submission_id=submission.id,
                award_id=award.id,
                audience=audience,
                purpose="-",
                text="-",
                text_edition="-",
                signed_name="-",
                signed_at=datetime.now(UTC),
                launch_id="-",
                secret_hash=hash_secret(secret),
                secret_sealed=Vault(SECRET).seal(secret.encode()),
                digest="0" * 64,
                items=[
                    ConsentItem(artifact_id=a.id, shown_as=ShownAs.FULL, sha256=a.sha256)
                    for a in artifacts
                ],
            )
        )
    session.commit()


def find_what_leaks(app, stranger, session, award, artifacts):
    """Open every address as a stranger; return those that tell anything of the artifacts."""
    secrets = [SECRET_WORDS.encode(), PIXEL, b"poster.png"]
    secrets += [artifact.sha256.encode() for artifact in artifacts]
    numbers = sorted(
        {a.id for a in artifacts} | {item.id for item in session.query(ConsentItem)} | {1}
    )
    leaks = set()
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()):
            continue
        for number in numbers:
            address = rule.rule
            for name, value in {
                "public_id": award.public_id,
                "secret": LINK_SECRET,
                "slug": award.achievement.slug,
                "institution": "main",
            }.items():
                address = re.sub(rf"<(?:\w+:)?{name}>", value, address)
            address = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?\w+>", str(number), address)
            for suffix in ("", "?download=1"):
                answer = stranger.open(address + suffix, follow_redirects=True)
                if any(secret in answer.data for secret in secrets):
                    leaks.add(rule.endpoint)
    return leaks


@pytest.fixture
def shown(session, world, settings, request):
    version = getattr(world, request.param)
    award, artifacts = make_shown_work(session, world, open_storage(settings), version=version)
    forge_consents(session, award, artifacts)
    return award, artifacts


@pytest.mark.parametrize("shown", ["level_1"], indirect=True)
def test_no_address_tells_anything_of_a_level_1_artifact(app, browser, session, shown):
    assert find_what_leaks(app, browser(), session, *shown) == set()


@pytest.mark.parametrize("shown", ["level_2"], indirect=True)
def test_the_same_walk_finds_the_doors_that_there_are(app, browser, session, shown):
    assert find_what_leaks(app, browser(), session, *shown) == {
        "public.evidence",
        "public.evidence_by_link",
        "public.evidence_content",
        "public.evidence_content_by_link",
    }
