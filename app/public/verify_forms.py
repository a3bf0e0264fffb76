"""The form by which a badge comes in to be verified."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import SubmitField, TextAreaField

from app.core.forms import Form


class VerifyForm(Form):
    """A file or a text. Nothing is kept or changed, so it needs no token and no session."""

    class Meta:
        """No token: it would need a cookie."""

        csrf = False

    file = FileField(_l("File"), description=_l("PNG, SVG, JSON or JWT, at most one megabyte."))
    text = TextAreaField(
        _l("Or its text"),
        description=_l("The JSON document, the token, or the address of a credential."),
    )
    submit = SubmitField(_l("Verify"))

    def read(self) -> bytes | None:
        """Return what was sent; `None` if nothing was, or both, which is said."""
        sent: Any = self.file.data
        typed = (self.text.data or "").strip().encode()
        has_file = bool(sent and sent.filename)
        if has_file and typed:
            self.text.errors = [_("Choose a file or paste a text, not both")]
            return None
        if not has_file and not typed:
            self.file.errors = [_("Choose a file, or paste the text of the badge below")]
            return None
        return sent.stream.read() if has_file else typed
