"""What an issuer profile must say. Pure."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.programme.wording import Line, Prose, Slug, WebAddress, explain

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def _check_email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("must be an e-mail address")
    return value


class IssuerSpec(BaseModel):
    """The checked facts of an issuer profile; `None` where nothing is said."""

    model_config = ConfigDict(frozen=True, strict=True)

    slug: Slug = Field(max_length=60)
    name: Line = Field(max_length=200)
    url: WebAddress = Field(max_length=1000)
    email: Annotated[Line, AfterValidator(_check_email)] | None = Field(max_length=320)
    description: Prose | None = Field(max_length=4000)


def check_issuer(
    *, slug: str, name: str, url: str, email: str | None, description: str | None
) -> IssuerSpec:
    """Check an issuer's facts; empty e-mail and description mean that there is none.

    Raises: `InvalidError` naming the wrong value.
    """
    facts = {
        "slug": slug,
        "name": name,
        "url": url,
        "email": email or None,
        "description": description or None,
    }
    try:
        return IssuerSpec.model_validate(facts)
    except ValidationError as error:
        raise explain(error, facts) from error
