"""The survival package: everything in one file, and a page in it that verifies offline."""

import base64
import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey
from playwright.sync_api import expect
from pypdf import PdfReader

from app.awards.models import Award
from app.core.clock import utcnow
from app.credentials.baking import unbake
from app.credentials.jwt import generate_private_jwk, sign_jwt, verify_jwt
from app.credentials.offline_page import offline_page
from app.programme.issuer_keys import ensure_token_key
from tests.browser.axe import assert_no_violations
from tests.chromium import ARGUMENTS
from tests.factories import NOON

NAMES = [
    *("README.txt", "certificate.pdf", "badge.png", "badge.svg", "credential.json"),
    *("credential.jwt", "verify.html", "did.json", "jwks.json"),
]


@pytest.fixture
def token_key(app, session, world):
    key = ensure_token_key(session, world.issuer, app.extensions["assay.vault"], NOON)
    session.commit()
    return key


@pytest.fixture
def fetch(browser, world, award):
    """Download the package; return its response and what lies in it."""

    def fetch():
        sent = browser(world.learner).get(f"/my/credentials/{award.public_id}/package.zip")
        if sent.status_code != 200:
            return sent, {}
        with zipfile.ZipFile(io.BytesIO(sent.data)) as package:
            assert package.testzip() is None
            return sent, {name: package.read(name) for name in package.namelist()}

    return fetch


def test_everything_lies_in_one_file(browser, world, award, token_key, fetch):
    sent, files = fetch()

    stranger = browser(None)
    slug = award.version.achievement.slug
    assert sent.headers["Content-Disposition"] == f"attachment; filename={slug}.zip"
    assert sent.mimetype == "application/zip"
    assert list(files) == NAMES
    public = f"/credentials/{award.public_id}"
    assert files["credential.json"] == stranger.get(f"{public}.json").data
    assert files["credential.jwt"] == stranger.get(f"{public}.jwt").data
    assert json.loads(files["did.json"]) == stranger.get("/.well-known/did.json").get_json()
    assert json.loads(files["jwks.json"]) == stranger.get("/.well-known/jwks.json").get_json()
    assert unbake(files["badge.png"]).ob3 == award.credential
    assert unbake(files["badge.svg"]).ob3 == award.credential
    attached = PdfReader(io.BytesIO(files["certificate.pdf"])).attachments
    assert attached == {"credential.json": [files["credential.json"]]}
    assert verify_jwt(files["credential.jwt"].decode(), did_document=json.loads(files["did.json"]))


def test_its_readme_names_every_file_and_where_to_ask(award, token_key, fetch):
    readme = fetch()[1]["README.txt"].decode()

    for name in NAMES[1:]:
        assert name in readme
    assert f"https://tool.test/credentials/{award.public_id}" in readme
    assert "did:web:tool.test" in readme
    assert "Research Literacy" in readme
    assert [line for line in readme.splitlines() if len(line) > 80] == []


def test_without_a_key_for_tokens_it_says_what_is_missing(fetch):
    sent, files = fetch()

    assert sent.status_code == 200
    assert list(files) == [each for each in NAMES if each not in {"credential.jwt", "verify.html"}]
    assert "signed no tokens" in files["README.txt"].decode()
    assert "verify.html" not in files["README.txt"].decode()


def test_nobody_else_gets_it_and_of_a_revoked_one_nobody(browser, session, world, award, fetch):
    address = f"/my/credentials/{award.public_id}/package.zip"
    assert browser(world.other_learner).get(address).status_code == 404

    found = session.get(Award, award.id)
    found.revoked_at, found.revocation_reason = NOON, "Copied."
    session.commit()

    assert fetch()[0].status_code == 409


def test_the_page_brings_all_it_needs_and_no_private_key(token_key, fetch):
    page = fetch()[1]["verify.html"].decode()

    assert not re.search(r"<(?:script|img|iframe|link|object)[^>]*\b(?:src|href|data)=", page)
    assert not re.search(r"@import|url\(", page)
    assert "default-src 'none'" in page
    saved = json.loads(re.search(r'id="saved">(.*?)</script>', page, re.DOTALL)[1])
    assert {name for key in saved["keys"] for name in key} == {"kid", "n", "e"}


def test_no_word_of_a_credential_can_end_the_script():
    page = offline_page(
        "</script><script>alert(1)</script>", did="did:web:a", keys=[], address="b", now=NOON
    )

    assert page.count("</script>") == 2
    assert "alert(1)" in page


# In Chromium.

PRIVATE = generate_private_jwk()
DID = "did:web:tool.test"
KID = f"{DID}#{PRIVATE['kid']}"


def credential_of(award, **changes):
    credential = json.loads(award.credential)
    del credential["proof"]
    return credential | changes


def encode(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def tampered_copies(award):
    good = sign_jwt(credential_of(award), private_jwk=PRIVATE, kid=KID)
    header, payload, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(f"{payload}==="))
    foreign = generate_private_jwk()
    public = {name: foreign[name] for name in ("kty", "n", "e")}
    key = RSAKey.import_key(foreign)

    def signed(head, key=key):
        return jws.serialize_compact(head, json.dumps(claims).encode(), key, algorithms=["RS256"])

    other_did = "did:web:evil.test"
    return {
        "another name": f"{header}.{encode(claims | {'jti': 'x'})}.{signature}",
        "a changed letter": f"{header}.{payload[:-8]}AAAAAAAA.{signature}",
        "a changed signature": f"{header}.{payload}.AAAA{signature[4:]}",
        "no signature": f"{header}.{payload}.",
        "alg none": f"{encode({'alg': 'none', 'kid': KID, 'typ': 'JWT'})}.{payload}.",
        "HS256": f"{encode({'alg': 'HS256', 'kid': KID, 'typ': 'JWT'})}.{payload}.{signature}",
        "a foreign key": signed({"alg": "RS256", "kid": KID, "typ": "JWT"}),
        "a key in the header": signed({"alg": "RS256", "kid": KID, "typ": "JWT", "jwk": public}),
        "an unknown key": signed({"alg": "RS256", "kid": f"{DID}#x", "typ": "JWT"}),
        "another issuer": sign_jwt(
            credential_of(award, issuer={"id": other_did, "type": ["Profile"], "name": "Evil"}),
            private_jwk=PRIVATE,
            kid=KID,
        ),
        "no token": "<script>alert(1)</script>",
        "two parts": f"{header}.{payload}",
        "null": f"{encode(None)}.{payload}.{signature}",
    }


@pytest.fixture
def open_file(playwright, chromium_path, tmp_path):
    """Open a page of the package from the disk, offline; what it asks for is counted."""
    assert chromium_path, "Chromium is missing: run `make test`, which brings it"
    chromium = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)

    def open_file(text, **options):
        file = tmp_path / "verify.html"
        file.write_text(text)
        context = chromium.new_context(offline=True, **options)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.asked, page.errors = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda said: page.errors.append(said.text))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield open_file
    chromium.close()


def page_of(token, **facts):
    key = {"kid": KID, "n": PRIVATE["n"], "e": PRIVATE["e"]}
    address = "https://tool.test/credentials/x"
    return offline_page(
        token, **({"did": DID, "keys": [key], "address": address, "now": NOON} | facts)
    )


def check_copy(page, text):
    page.locator("#text").fill(text)
    page.get_by_role("button", name="Verify").click()


@pytest.mark.browser
def test_the_page_of_the_package_verifies_offline_from_the_disk(
    award, world, token_key, fetch, open_file, tmp_path
):
    files = fetch()[1]

    page = open_file(files["verify.html"].decode())

    expect(page.locator("#word")).to_have_text("Genuine")
    expect(page.locator("#facts")).to_contain_text("Research Literacy")
    expect(page.locator("#facts")).to_contain_text(f"/credentials/{award.public_id}")
    page.locator("#identity").fill(f"  {world.learner.email.upper()} ")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#same")).to_have_text("Yes, it was made for that one.")
    page.locator("#identity").fill("somebody@else.test")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#same")).to_have_text("No, it was made for another one.")
    copy, changed = tmp_path / "credential.jwt", tmp_path / "changed.jwt"
    token = files["credential.jwt"].decode()
    changed.write_text(f"{token[:-20]}{'B' if token[-20] == 'A' else 'A'}{token[-19:]}")
    page.locator("#file").set_input_files(changed)
    expect(page.locator("#word")).to_have_text("Not genuine")
    copy.write_text(f"{token}\n")
    page.locator("#file").set_input_files(copy)
    expect(page.locator("#word")).to_have_text("Genuine")
    assert [url.partition(":")[0] for url in page.asked] == ["file"]
    assert page.errors == []


@pytest.mark.browser
def test_every_tampered_copy_is_refused(award, open_file):
    page = open_file(page_of(sign_jwt(credential_of(award), private_jwk=PRIVATE, kid=KID)))
    expect(page.locator("#word")).to_have_text("Genuine")

    said = {}
    for what, copy in tampered_copies(award).items():
        check_copy(page, copy)
        expect(page.locator("#word")).not_to_have_text("Verifying …")
        said[what] = page.locator("#word").text_content()
        expect(page.locator("#facts")).to_be_hidden()
        expect(page.locator("#whose")).to_be_hidden()

    assert said == dict.fromkeys(said, "Not genuine")
    assert len(said) >= 10
    assert page.errors == []


@pytest.mark.browser
def test_a_tampered_copy_saved_in_the_page_itself_is_refused(award, open_file):
    page = open_file(page_of(tampered_copies(award)["a changed letter"]))

    expect(page.locator("#word")).to_have_text("Not genuine")
    expect(page.locator("#why")).to_contain_text("The signature does not match")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("member", "days", "word"),
    [("validUntil", -1, "Genuine, but expired"), ("validFrom", 1, "Genuine, but not valid yet")],
)
def test_the_period_is_looked_at(award, open_file, member, days, word):
    moment = f"{(utcnow() + timedelta(days=days)).isoformat(timespec='seconds')[:19]}Z"
    credential = credential_of(award, **{member: moment})

    page = open_file(page_of(sign_jwt(credential, private_jwk=PRIVATE, kid=KID)))

    expect(page.locator("#word")).to_have_text(word)


@pytest.mark.browser
def test_words_of_a_credential_are_no_markup_and_the_page_is_accessible(award, open_file):
    credential = credential_of(award)
    credential["credentialSubject"]["achievement"]["name"] = "<img src=x onerror=alert(1)> Ü 😀"
    text = page_of(sign_jwt(credential, private_jwk=PRIVATE, kid=KID))

    page = open_file(text, bypass_csp=True)  # axe-core is no part of the page
    expect(page.locator("#facts")).to_contain_text("<img src=x onerror=alert(1)> Ü 😀")
    expect(page.locator("#facts img")).to_have_count(0)
    assert_no_violations(page)


@pytest.mark.browser
def test_without_script_the_page_says_that_nothing_was_verified(award, open_file):
    text = page_of(sign_jwt(credential_of(award), private_jwk=PRIVATE, kid=KID))

    page = open_file(text, java_script_enabled=False)

    expect(page.locator("#word")).to_have_text("Not verified")
