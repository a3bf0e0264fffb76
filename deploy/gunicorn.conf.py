"""How gunicorn serves the tool; `deploy/run.py` and the container use it."""

import logging
import os
import re

from gunicorn.glogging import Logger

bind = os.environ.get("ASSAY_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("ASSAY_WEB_WORKERS", "2"))
worker_class = "gthread"
# Half of them may be reading uploads, which mostly wait (app/evidence/upload_views.py).
threads = 8
timeout = 60
# Uploads may take long; a stalled one is ended by the reverse proxy.
graceful_timeout = 20
keepalive = 5
# A login by GET carries the LMS's hints, which are long: the most that gunicorn allows.
limit_request_line = 8190
# Forwarded headers are ASSAY_TRUSTED_PROXIES' business, not gunicorn's.
forwarded_allow_ips = ""
control_socket_disable = True
accesslog = None
loglevel = "warning"

# A session without cookies has its secret in the address (docs/decisions/0009).
SECRET = re.compile(r"/~[A-Za-z0-9_-]{20,}")


def mask(record: logging.LogRecord) -> bool:
    """Hide the secret of a session's address in a line of the server's own."""
    record.msg, record.args = SECRET.sub("/~…", record.getMessage()), ()
    return True


class MaskedLogger(Logger):
    """gunicorn's logger; the access log, should somebody switch it on, is masked too."""

    def setup(self, cfg: object) -> None:
        """Set both logs up, then put the mask before what they write."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            if mask not in log.filters:
                log.addFilter(mask)


logger_class = MaskedLogger
