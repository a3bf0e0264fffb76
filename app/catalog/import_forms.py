"""The form by which a file comes in."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField, SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.catalog.document import MAX_DOCUMENT_BYTES
from app.catalog.editor_forms import typed_line
from app.catalog.pending import ACHIEVEMENTS, SKILLS
from app.core.forms import Form

MAX_FILE_NAME = 200


class ImportForm(Form):
    """A file, and what it does not say itself."""

    kind = RadioField(
        _l("What is in the file"),
        choices=[
            SelectChoice(ACHIEVEMENTS, _l("Micro-credentials")),
            SelectChoice(SKILLS, _l("Skills of a framework")),
        ],
        default=ACHIEVEMENTS,
        validators=[InputRequired(_l("Choose what is in the file"))],
    )
    file = FileField(_l("File"), description=_l("JSON or CSV, at most 8 MB."))
    level = SelectField(
        _l("Level of badges that say none"),
        description=_l("For Open Badges from elsewhere."),
        validate_choice=False,
    )
    issuer = SelectField(
        _l("Issuer of badges that say none"),
        description=_l("For Open Badges from elsewhere."),
        validate_choice=False,
    )
    framework = StringField(
        _l("Name of the framework"),
        description=_l("For a table of skills without a column for it."),
        filters=[typed_line],
        validators=[Length(max=200, message=_l("Use at most %(max)d characters"))],
    )
    submit = SubmitField(_l("See what would happen"))

    def read_file(self) -> bytes | None:
        """Return what the file says; `None` if there is none or it is too large, which is said."""
        sent: Any = self.file.data
        if not sent or not sent.filename:
            self.file.errors = [_("Choose a file")]
            return None
        content: bytes = sent.stream.read(MAX_DOCUMENT_BYTES + 1)
        is_cut = getattr(sent.stream, "is_too_large", False)
        sent.close()
        if is_cut or len(content) > MAX_DOCUMENT_BYTES:
            self.file.errors = [_("The file is too large. Split it into several files.")]
            return None
        return content

    def file_name(self) -> str:
        """Return the file's name, without characters that hide."""
        return (typed_line(self.file.data.filename) or "?")[-MAX_FILE_NAME:]

    def options(self) -> dict[str, str]:
        """Return what the file does not say itself."""
        return {
            "level": self.level.data or "",
            "issuer": self.issuer.data or "",
            "framework": self.framework.data or "",
        }
