"""A script that sends files piece by piece, as tests want it: each request by itself."""

import base64
from dataclasses import dataclass, field
from typing import Any

TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Sender:
    """One learner's script at one assignment. `at`: where the newest upload is."""

    client: Any
    url: str
    at: str = field(default="")

    def announce(self, name: str, size: object, headers: Any = (), **more: str):
        metadata = [f"{k} {base64.b64encode(v.encode()).decode()}"
                    for k, v in {"filename": name, **more}.items()]  # fmt: skip
        answer = self.client.post(
            self.url,
            headers={
                **TUS,
                "Upload-Length": str(size),
                "Upload-Metadata": ",".join(metadata),
                **dict(headers),
            },
        )
        if answer.status_code == 201:
            self.at = answer.location
        return answer

    def piece(self, content: bytes, offset: int = 0, headers: Any = ()):
        return self.client.patch(
            self.at,
            data=content,
            environ_overrides={"CONTENT_LENGTH": str(len(content))},  # of an empty one too
            headers={
                **TUS,
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
                **dict(headers),
            },
        )

    def look(self):
        return self.client.head(self.at, headers=TUS)

    def cancel(self):
        return self.client.delete(self.at, headers=TUS)

    def send(self, name: str, content: bytes, *, pieces: int = 1, **more: str):
        """Announce and send a whole file; return the answer to the last piece."""
        answer = self.announce(name, len(content), **more)
        if answer.status_code != 201:
            return answer
        step = -(-len(content) // pieces)
        for offset in range(0, len(content), step):
            answer = self.piece(content[offset : offset + step], offset)
        return answer
