"""What every form shares."""

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect

READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class FormProtection(CSRFProtect):
    """Flask-WTF's check of form tokens, which asks first whether a request could need one."""

    def protect(self, apply_exemptions: bool = False) -> None:  # noqa: FBT001, FBT002 (its own)
        """Check the token of a request that may change something."""
        if request.method not in READING:
            super().protect(apply_exemptions)


class Form(FlaskForm):
    """A form that is answered by a redirect, or by the page again with status 422.

    `is_unavailable`: it was filled in rightly, but something of ours is away.
    """

    is_unavailable = False

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form: 422 once it has errors."""
        if self.is_unavailable:
            return 503
        return 422 if self.errors else 200
