"""Short-lived addresses at which a browser fetches one object of a bucket itself. Pure.

obstore signs addresses too, but cannot add what the store is to answer as the
type and the name of the file, so that part is written here.
Source: AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Signer:
    """Whose key signs, and for which region."""

    key_id: str
    secret: str = field(repr=False)
    region: str

    def sign(
        self, url: str, *, answers: Mapping[str, str], lifetime: timedelta, now: datetime
    ) -> str:
        """Return the address with which anybody may GET this object until its time is over.

        `answers`: the `response-…` parameters, which say what headers the store sends.
        """
        parts = urlsplit(url)
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self.region}/s3/aws4_request"
        asked = {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self.key_id}/{scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(int(lifetime.total_seconds())),
            "X-Amz-SignedHeaders": "host",
            **answers,
        }
        query = "&".join(f"{_escape(name)}={_escape(asked[name])}" for name in sorted(asked))
        request = "\n".join(
            ("GET", parts.path, query, f"host:{parts.netloc}\n", "host", "UNSIGNED-PAYLOAD")
        )
        said = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
        key = f"AWS4{self.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, said.encode(), "sha256").hex()
        return f"{url}?{query}&X-Amz-Signature={signature}"


def _escape(text: str) -> str:
    return quote(text, safe="-_.~")
