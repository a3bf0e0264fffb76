"""Become the office program that converts one file, fenced in as far as this machine allows.

Run as a script by `converting`, never imported by the program: the file comes in
on standard input; the folder named is the program's whole world, and holds the
PDF afterwards. The limits are set before the archive is looked at, and stay.
"""

import contextlib
import ctypes
import os
import resource
import shutil
import sys
import zipfile
from pathlib import Path

CPU_SECONDS = 45
MEMORY_BYTES = 3 * 1024 * 1024 * 1024
FILE_BYTES = 200 * 1024 * 1024
# What an archive says that it unpacks to. What it does not say, the limits above stop.
MAX_UNPACKED_BYTES = 300 * 1024 * 1024
MAX_MEMBERS = 10_000
EXIT_TOO_DEMANDING = 3
EXIT_BROKEN = 4
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h

# No macro runs, and nothing that a document only points to is loaded.
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


def set_limits() -> None:
    """Bound what a hostile file can use: time, memory, the size of files, core dumps."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def leave_network() -> None:
    """Go on where no network is, if the machine lets an ordinary process do that."""
    if sys.platform != "linux":
        return
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def judge_archive(source: str) -> int:
    """Return 0 if an archive may be unpacked, or the exit code that says why not."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return EXIT_BROKEN
    except MemoryError:
        return EXIT_TOO_DEMANDING
    unpacked = sum(member.file_size for member in members)
    is_small = len(members) <= MAX_MEMBERS and unpacked <= MAX_UNPACKED_BYTES
    return 0 if is_small else EXIT_TOO_DEMANDING


def main(program: str, suffix: str, folder: str) -> int:
    """Look at the file, then become the program; return only why that is not to be."""
    set_limits()
    source = Path(folder, f"file.{suffix}")
    with open(0, "rb", closefd=False) as given, source.open("wb") as copy:
        shutil.copyfileobj(given, copy)
    if refused := judge_archive(str(source)):
        return refused
    profile = Path(folder, "profile")
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(PROFILE, encoding="utf-8")
    leave_network()
    os.chdir(folder)
    nowhere = "http://127.0.0.1:9"  # where nobody listens, if there is a network after all
    environment = {
        "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin",
        "http_proxy": nowhere, "https_proxy": nowhere, "SAL_USE_VCLPLUGIN": "svp",
    }  # fmt: skip
    arguments = (
        f"-env:UserInstallation={profile.as_uri()}", "--headless", "--invisible", "--norestore",
        "--nodefault", "--nolockcheck", "--nologo", "--convert-to", "pdf",
        "--outdir", str(Path(folder, "out")), str(source),
    )  # fmt: skip
    try:
        os.execve(program, [program, *arguments], environment)  # noqa: S606 (no shell is meant)
    except OSError:
        return EXIT_BROKEN


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
