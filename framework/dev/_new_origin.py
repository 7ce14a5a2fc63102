"""The place that the framework was installed from, as the dependency of a project names it.

Floor 7.
"""

from __future__ import annotations

import importlib.metadata
import json
import pathlib
import re
import urllib.parse

from ..errors import SetupError
from ..typing import JSONObject

_URL = re.compile(r"(?:[a-z]+\+)?[a-z]+:[^\s\"\\{}]+")


def framework_url(given: str | None = None) -> str:
    """Return the URL that this framework was installed from, as a requirement has it behind ``@``.

    It is in ``direct_url.json`` of the distribution (PEP 610); where that is missing, the clone that the package is in.

    :param given: A URL that is taken instead.
    :raises SetupError: It is not a URL, or not known.
    """
    if given is not None:
        if not _URL.fullmatch(given):
            raise SetupError(
                f"Not a URL that installers take: {given[:100]!r}. Give one like 'file:///path/to/framework.whl' or"
                " 'git+https://host/framework.git@v1'."
            )
        return given
    package = pathlib.Path(__file__).resolve().parents[1]
    try:
        text = importlib.metadata.distribution("framework").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        text = None
    found = url_of(json.loads(text)) if text else None
    if found is None and (package.parent / "pyproject.toml").exists():
        found = package.parent.as_uri()
    if found is None:
        raise SetupError(
            "The place that the framework was installed from is not known: its distribution has no direct_url.json."
            " A project needs it, for no index has this framework under its name. Give it with --framework URL, like"
            " 'git+https://host/framework.git@v1'."
        )
    return found


def url_of(record: JSONObject) -> str:
    """Return the URL of a record of PEP 610: a folder, an archive with its hash, or a commit of a repository."""
    url = urllib.parse.urlsplit(str(record["url"]))
    # A password that somebody wrote into the address is not for a file that is committed; the user 'git' of SSH is.
    user, at, host = url.netloc.rpartition("@")
    if at and (":" in user or url.scheme in ("http", "https")):
        url = url._replace(netloc=host)
    found = url.geturl()
    fragments = []
    if "vcs_info" in record:
        found = f"{record['vcs_info']['vcs']}+{found}@{record['vcs_info']['commit_id']}"
    elif "archive_info" in record and url.scheme != "file":
        hashes = record["archive_info"].get("hashes") or {}
        fragments += [f"{name}={value}" for name, value in hashes.items() if name == "sha256"]
    if record.get("subdirectory"):
        fragments.append(f"subdirectory={record['subdirectory']}")
    return found + ("#" + "&".join(fragments) if fragments else "")
