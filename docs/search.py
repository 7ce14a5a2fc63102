"""Check that the search of the built pages finds what people look for.

``python docs/search.py build/docs``
"""

from __future__ import annotations

import json
import pathlib
import sys

from sphinx.search.en import SearchEnglish

stem = SearchEnglish({}).stem
WANTED = {
    "prometheus": "observe/metrics",
    "mypy": "typing",
    "token refresh": "auth/tokens",
    "jwt": "auth/tokens",
    "webhook": "webhooks/outgoing",
    "alembic": "sqlalchemy/migrations",
    "gunicorn": "deploying/gunicorn",
    "rate limit": "marks/traffic/rate-limits",
    "websocket": "sockets/sockets",
}
"""Words to look for, and a page that must be among those that are found."""


def pages_of(index: dict[str, object], words: str) -> set[str]:
    """Return the pages that have all of some words, in their text or in their titles."""
    names: list[str] = index["docnames"]  # type: ignore[assignment]
    found = set(names)
    for word in words.split():
        hits: set[str] = set()
        for kind in ("terms", "titleterms"):
            terms: dict[str, int | list[int]] = index[kind]  # type: ignore[assignment]
            places = terms.get(stem(word), [])
            hits.update(names[at] for at in (places if isinstance(places, list) else [places]))
        found &= hits
    return found


def main(folder: str) -> int:
    """Return 1 where something is not found, and say what."""
    text = (pathlib.Path(folder) / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    lost = [f"{words}: {page}" for words, page in WANTED.items() if page not in pages_of(index, words)]
    for line in lost:
        sys.stderr.write(f"The search does not find {line}.\n")
    return bool(lost)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
