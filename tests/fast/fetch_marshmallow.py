"""Fetch marshmallow's sources, whose own tests prove the generated functions.

Run it once, with a network: ``python tests/fast/fetch_marshmallow.py``. The archive is pinned by its hash and unpacked
into ``.cache`` at the top of the project; the tests themselves need no network.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tarfile

VERSION = "4.4.0"
SHA256 = "9e6ffa8511012ca89732324c1c253efd7b4d35632dcbdf80aa793fe01804af3e"

CACHE = pathlib.Path(__file__).resolve().parents[2] / ".cache"
FOLDER = CACHE / f"marshmallow-{VERSION}"
COMMAND = "python tests/fast/fetch_marshmallow.py"


def fetch() -> pathlib.Path:
    """Fetch and unpack what is not there yet, and give the folder."""
    if FOLDER.is_dir():
        return FOLDER
    CACHE.mkdir(exist_ok=True)
    wanted = CACHE / "marshmallow.txt"
    wanted.write_text(f"marshmallow=={VERSION} --hash=sha256:{SHA256}\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-binary", ":all:", "--require-hashes"]
    subprocess.run([*pip, "download", "--quiet", *options, "--dest", str(CACHE), "-r", str(wanted)], check=True)
    with tarfile.open(CACHE / f"marshmallow-{VERSION}.tar.gz") as archive:
        archive.extractall(CACHE / "unpacked", filter="data")
    (CACHE / "unpacked" / FOLDER.name).rename(FOLDER)
    return FOLDER


if __name__ == "__main__":
    sys.stdout.write(f"{fetch()}\n")
