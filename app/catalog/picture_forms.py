"""The form for the picture of a draft."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, StringField, SubmitField

from app.catalog.uploads import MAX_UPLOAD_BYTES, check_alt
from app.core.errors import InvalidError
from app.core.forms import Form


class PictureForm(Form):
    """A file, what it shows, and whether it is framed; or back to the drawn picture.

    `checked_alt`: the alternative text, once it is found good.
    """

    file = FileField(
        _l("Picture"),
        description=_l(
            "A PNG of at least 200 × 200 pixels and at most 4 MB, or an SVG of at most 512 kB "
            "that is made of shapes alone. About square; it is shown small and large."
        ),
    )
    alt = StringField(
        _l("What the picture shows, in words"),
        description=_l("Read out to people who do not see it, and signed into every award."),
    )
    is_framed = BooleanField(_l("Frame it in the colour of the level"))
    upload = SubmitField(_l("Use my picture"))
    draw = SubmitField(_l("Use the drawn picture"))

    checked_alt = ""

    def read(self) -> bytes | None:
        """Return the uploaded file, or `None` with the errors at their fields."""
        data = self._read_file()
        is_good = self.check_alt()
        return data if is_good else None

    def check_alt(self) -> bool:
        """Say whether the alternative text will do; if not, what is wrong stands at its field."""
        try:
            self.checked_alt = check_alt(self.alt.data)
        except InvalidError as error:
            self.alt.errors = [str(error)]
            # A page cannot hold control characters, not even to show what was typed.
            self.alt.data = "".join(filter(str.isprintable, self.alt.data or ""))
            return False
        return True

    def refuse_file(self, message: str) -> None:
        """Put at the file what is wrong with it."""
        self.file.errors = [_("This file was not taken: %(why)s", why=message)]

    def _read_file(self) -> bytes | None:
        given = self.file.data
        if not given:
            self.file.errors = [_("Choose the file of the picture.")]
            return None
        if getattr(given.stream, "is_too_large", False):
            self.refuse_file(_("it is larger than 4 MB."))
            return None
        data: bytes = given.stream.read(MAX_UPLOAD_BYTES + 1)
        if len(data) > MAX_UPLOAD_BYTES:
            self.refuse_file(_("it is larger than 4 MB."))
            return None
        if not data:
            self.refuse_file(_("it is empty."))
            return None
        return data
