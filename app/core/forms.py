"""What every form shares."""

from flask_wtf import FlaskForm


class Form(FlaskForm):
    """A form that is answered by a redirect, or by the page again with status 422."""

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form: 422 once it has errors."""
        return 422 if self.errors else 200
