"""An address that a browser may fetch for a minute: signed as the store expects it."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from app.evidence.presigning import Signer
from app.evidence.sending import disposition_of
from app.evidence.storage import open_storage
from tests.s3 import KEY_ID, SECRET

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_the_example_of_amazons_own_documentation_comes_out():
    """Source: AWS, "Authenticating Requests: Using Query Parameters", its example."""
    signer = Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")

    url = signer.sign(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        answers={},
        lifetime=timedelta(days=1),
        now=datetime(2013, 5, 24, tzinfo=UTC),
    )

    assert parse_qs(urlsplit(url).query)["X-Amz-Signature"] == [
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    ]


@pytest.mark.parametrize("name", ["essay.pdf", "Étude „概要“ 1 +&=%.pdf", "مقال.pdf"])
def test_it_is_what_amazons_own_client_signs(name):
    answers = {
        "response-content-type": "application/pdf",
        "response-content-disposition": disposition_of(name, is_inline=False),
    }
    url = "https://s3.example.edu/bucket/pre/files/" + "ab" * 16

    ours = Signer(KEY_ID, SECRET, "eu-central-1").sign(
        url, answers=answers, lifetime=timedelta(seconds=60), now=NOON
    )
    with time_machine.travel(NOON, tick=False):
        theirs = AWSRequest(method="GET", url=url, params=answers)
        credentials = Credentials(KEY_ID, SECRET)
        S3SigV4QueryAuth(credentials, "s3", "eu-central-1", expires=60).add_auth(theirs)

    assert parse_qs(urlsplit(ours).query) == parse_qs(urlsplit(theirs.url).query)


def test_the_store_answers_with_the_type_and_the_name_that_were_signed(settings, s3_settings):
    import io

    storage = open_storage(settings.model_copy(update=s3_settings))
    kept = storage.put(io.BytesIO(b"0123456789"))
    disposition = disposition_of("概要.mp4", is_inline=True)

    url = storage.sign_download(kept.key, media_type="video/mp4", disposition=disposition)
    whole = requests.get(url, timeout=10)
    part = requests.get(url, headers={"Range": "bytes=2-4"}, timeout=10)

    assert whole.content == b"0123456789"
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Content-Disposition"] == disposition
    assert (part.status_code, part.content) == (206, b"234")
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["60"]
    assert SECRET not in url


def test_the_bucket_stands_in_the_host_where_amazon_wants_it(settings, s3_settings):
    amazon = settings.model_copy(
        update={**s3_settings, "s3_endpoint": None, "storage_url": "s3://work-of-ours"}
    )

    url = open_storage(amazon).sign_download(
        "ab" * 16, media_type="image/png", disposition="inline"
    )

    assert url.startswith(
        f"https://work-of-ours.s3.eu-central-1.amazonaws.com/files/{'ab' * 16}?X-Amz-Algorithm="
    )
