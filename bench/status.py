"""How long a status list of 1,000,000 entries takes to be served, and to be signed anew.

    .venv/bin/python bench/status.py           # 1,000 requests for each list
    .venv/bin/python bench/status.py --quick   # 200

The tool runs as one gunicorn process on SQLite; the list is asked for over loopback, on
one connection. Prints Markdown.
"""

import argparse
import http.client
import os
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
sys.path[:0] = [str(ROOT), str(ROOT / "deploy"), str(BENCH)]

from run import run_commands  # noqa: E402 (deploy/ is no package)
from servers import GUNICORN, Server, choose_cores, free_port  # noqa: E402
from sqlalchemy import select  # noqa: E402

from app import create_app  # noqa: E402
from app.awards import status_lists  # noqa: E402
from app.awards.models import Award  # noqa: E402
from app.awards.status_models import StatusList  # noqa: E402
from app.core.clock import utcnow  # noqa: E402
from app.core.db import transaction  # noqa: E402
from app.programme.models import IssuerProfile  # noqa: E402
from deploy.example import example_commands  # noqa: E402

ENTRIES = 1_000_000
BITS = 1 << 20  # the next power of two above them
SHARES = (0.0, 0.02, 0.5)  # how many are revoked; at a half, nothing can be compressed
GOAL_MS = 10


def make_list(share: float) -> tuple[str, int, float]:
    """Make a list of so many entries; return its name, its size as sent, and seconds to sign."""
    app = create_app()
    with app.app_context(), transaction() as session:
        issuer = session.scalars(select(IssuerProfile).order_by(IssuerProfile.id)).first()
        if issuer is None:
            raise SystemExit("the example has no issuer")
        bits = bytearray(BITS // 8)
        for index in random.Random(1).sample(range(BITS), int(ENTRIES * share)):
            bits[index // 8] |= 0x80 >> index % 8
        made = StatusList(
            issuer_id=issuer.id,
            public_id=secrets.token_hex(16),
            size=BITS,
            bits=bytes(bits),
            taken=ENTRIES,
            signed="{}",
            changed_at=utcnow(),
        )
        session.add(made)
        session.flush()
        # One more award, so that what is measured is what a revocation does.
        award = Award(status_list_id=made.id, status_index=7, institution_id=issuer.institution_id)
        took = []
        for is_set in (True, False, True):
            begun = time.perf_counter()
            status_lists.set_bit(
                session,
                award,
                is_set=is_set,
                vault=app.extensions["assay.vault"],
                base_url=app.extensions["assay.settings"].base_url,
                now=utcnow(),
            )
            took.append(time.perf_counter() - begun)
        return made.public_id, len(made.signed), median(took)


def ask(port: int, path: str, times: int) -> list[float]:
    """Ask so often; return the seconds of each answer, read to its end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    took = []
    for number in range(times + 20):
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if number >= 20:  # the first ones warm up
            took.append(time.perf_counter() - begun)
        if answer.status != 200 or b"BitstringStatusList" not in body:
            raise SystemExit(f"{path}: {answer.status}")
    connection.close()
    return took


def main() -> int:
    """Fill a database, serve it, ask, print; return whether the goal is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    times = 200 if parser.parse_args().quick else 1_000
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        os.environ |= {
            "ASSAY_BASE_URL": f"http://localhost:{port}",
            "ASSAY_SECRET_KEY": secrets.token_urlsafe(48),
            "ASSAY_DATABASE_URL": f"sqlite:///{folder}/assay.sqlite",
            "ASSAY_STORAGE_DIR": f"{folder}/artifacts",
            "ASSAY_LOG_FORMAT": "console",
        }
        run_commands([("db", "upgrade"), *example_commands("http://127.0.0.1:9")])
        lists = [(share, *make_list(share)) for share in SHARES]
        server = Server(
            [*GUNICORN, "--bind", f"127.0.0.1:{port}", "app:create_app()"],
            core=choose_cores()[0],
            log=Path(folder) / "server.log",
            folder=ROOT,
            env={},
        )
        try:
            server.wait(port)
            rows = [
                (share, size, signing, ask(port, f"/status/{name}", times))
                for share, name, size, signing in lists
            ]
        finally:
            server.stop()
    print("| revoked | kB sent | served ms, median | p95 | a change, ms |")
    print("| --- | --- | --- | --- | --- |")
    worst = 0.0
    for share, size, signing, took in rows:
        p95 = quantiles(took, n=20)[-1] * 1000
        worst = max(worst, p95)
        print(
            f"| {share:.0%} | {size / 1000:,.0f} | {median(took) * 1000:.2f} | {p95:.2f} "
            f"| {signing * 1000:.0f} |"
        )
    return 0 if worst < GOAL_MS else 1


if __name__ == "__main__":
    sys.exit(main())
