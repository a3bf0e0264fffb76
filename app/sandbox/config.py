"""What a practice LMS must be told before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class LmsConfig:
    """Where the LMS stands, where the tool stands, and how they know each other.

    `issuer`: the LMS's own base address; `tool_url`: the tool's, both without
    a slash at the end. `custom`: what the tool asked to be told with every launch.
    `profile`: which LMS to behave as from this start on; "" for the one that was
    chosen before.
    """

    issuer: str
    tool_url: str
    database_path: Path
    custom: Mapping[str, str] = field(default_factory=dict)
    profile: str = ""

    @property
    def token_url(self) -> str:
        """Return where the tool asks for access tokens."""
        return f"{self.issuer}/lti/token"

    @property
    def deep_linking_return_url(self) -> str:
        """Return where the tool sends what was chosen."""
        return f"{self.issuer}/lti/deep-linking/return"

    @property
    def notice_service_url(self) -> str:
        """Return where the tool says which notices go where."""
        return f"{self.issuer}/lti/notice-handlers"

    @property
    def redirect_uri(self) -> str:
        """Return the one address to which launches are posted."""
        return f"{self.tool_url}/lti/launch"

    @property
    def tool_origin(self) -> str:
        """Return scheme and host of the tool, as a policy header writes them."""
        parts = urlsplit(self.tool_url)
        return f"{parts.scheme}://{parts.netloc}"

    def course_url(self, course_id: str) -> str:
        """Return the address under which a course's services are found."""
        return f"{self.issuer}/lti/courses/{course_id}"
