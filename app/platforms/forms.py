"""The forms of registration and administration."""

from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, RadioField, StringField, SubmitField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from app.core.forms import Form

MAX_ID, MAX_NAME, MAX_ADDRESS = 255, 200, 1000


def clean(value: str | None) -> str | None:
    """Take what shows nothing, and outer white space, from one typed line."""
    if value is None:
        return None
    return "".join(letter for letter in value if letter.isprintable()).strip()


class WebAddress:
    """A whole https address; http only where the settings allow a platform on this machine."""

    def __call__(self, form: Form, field: Field) -> None:
        """Refuse anything else."""
        del form
        try:
            parts = urlsplit(field.data or "")
            host, _port = parts.hostname, parts.port
        except ValueError:
            parts, host = urlsplit(""), None
        allows_http = current_app.extensions["assay.settings"].may_call_loopback
        schemes = {"http", "https"} if allows_http else {"https"}
        text = field.data or ""
        is_clean = text.isascii() and not set(" \"'<>;,\\") & set(text)
        if parts.scheme not in schemes or not host or parts.username is not None or not is_clean:
            raise ValidationError(_("Give the whole address, beginning with https://"))


class RegisterForm(PlainForm):
    """What the LMS sent with the link, carried from the page to the act."""

    invite = HiddenField()
    openid_configuration = HiddenField()
    registration_token = HiddenField()
    submit = SubmitField(_l("Register Assay"))


class InvitationForm(Form):
    """A link for one LMS."""

    name = StringField(
        _l("Name of the LMS"),
        description=_l("For your own lists. Left empty, it is called by its address."),
        filters=[clean],
        validators=[Optional(), Length(max=MAX_NAME)],
    )
    days = RadioField(
        _l("The link can be used for"),
        choices=[
            SelectChoice("1", _l("one day")),
            SelectChoice("7", _l("seven days")),
            SelectChoice("30", _l("thirty days")),
        ],
        default="7",
        validators=[InputRequired(_l("Choose how long the link can be used"))],
    )
    submit = SubmitField(_l("Make an invitation link"))


class AddPlatformForm(Form):
    """A registration entered by hand."""

    name = StringField(
        _l("Name"),
        description=_l("For your own lists."),
        filters=[clean],
        validators=[DataRequired(_l("Give the LMS a name")), Length(max=MAX_NAME)],
    )
    issuer = StringField(
        _l("Issuer (platform id)"),
        description=_l("Letter by letter as the LMS shows it, without a slash added."),
        filters=[clean],
        validators=[DataRequired(_l("Give the issuer")), Length(max=MAX_ID)],
    )
    client_id = StringField(
        _l("Client id"),
        filters=[clean],
        validators=[DataRequired(_l("Give the client id")), Length(max=MAX_ID)],
    )
    deployment_id = StringField(
        _l("Deployment id"),
        description=_l("Left empty, the first launch tells it and waits for your approval."),
        filters=[clean],
        validators=[Optional(), Length(max=MAX_ID)],
    )
    auth_url = StringField(
        _l("Authentication request URL"),
        filters=[clean],
        validators=[
            DataRequired(_l("Give the authentication request URL")),
            Length(max=MAX_ADDRESS),
            WebAddress(),
        ],
    )
    token_url = StringField(
        _l("Access token URL"),
        filters=[clean],
        validators=[
            DataRequired(_l("Give the access token URL")),
            Length(max=MAX_ADDRESS),
            WebAddress(),
        ],
    )
    jwks_url = StringField(
        _l("Public keyset URL"),
        filters=[clean],
        validators=[
            DataRequired(_l("Give the public keyset URL")),
            Length(max=MAX_ADDRESS),
            WebAddress(),
        ],
    )
    token_audience = StringField(
        _l("Audience of token requests"),
        description=_l("Only where the LMS shows one, as Brightspace does."),
        filters=[clean],
        validators=[Optional(), Length(max=MAX_ADDRESS)],
    )
    approves_deployments = BooleanField(
        _l("Approve new deployments by itself"),
        description=_l(
            "For an LMS in which Assay is installed course by course (Canvas): each course is a "
            "deployment of its own there. Leave it off where you want to see every one."
        ),
    )
    submit = SubmitField(_l("Save"))

    def said(self) -> dict[str, Any]:
        """Return the values as the services take them."""
        return {
            "name": self.name.data,
            "auth_url": self.auth_url.data,
            "token_url": self.token_url.data,
            "jwks_url": self.jwks_url.data,
            "token_audience": self.token_audience.data or None,
        }


class ChangePlatformForm(AddPlatformForm):
    """What may change of a registration; by the rest it is known."""

    issuer = client_id = deployment_id = None


class ApproveForm(Form):
    """The approval of a platform that registered itself."""

    approves_deployments = BooleanField(_l("Approve its deployments by themselves"))
    submit = SubmitField(_l("Approve"))


class ActForm(Form):
    """One button; only the form's token matters."""
