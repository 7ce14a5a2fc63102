"""Takes the screenshots of the reference page for the documentation, at three widths, light and dark.

Run it after a change of the page: ``python docs/shots.py``. It needs Chromium and Playwright, as the tests do.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sample_api import create_app  # noqa: E402
from tests.browsers import chromium, served  # noqa: E402

FOLDER = ROOT / "docs" / "_static"
SIZES = {"desk": (1440, 900), "tablet": (768, 900), "phone": (390, 844)}
PLACE = "operation-postArticles"
MOST = 1_500_000
"""The bytes of all pictures together."""


def main() -> None:
    """Take the pictures."""
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/conduit.sqlite3"
        app = create_app({"SECRET_KEY": "only for pictures, and long", "DATABASE_URL": url})
        with served(app) as address, chromium() as browser:
            for name, (width, height) in SIZES.items():
                for scheme in ("light", "dark"):
                    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                    page = context.new_page()
                    page.goto(f"{address}/docs#{PLACE}", wait_until="networkidle")
                    path = FOLDER / f"reference-{name}-{scheme}.png"
                    page.screenshot(path=str(path))
                    total += path.stat().st_size
                    context.close()
    if total > MOST:
        raise SystemExit(f"The pictures have {total} bytes, more than {MOST}.")


if __name__ == "__main__":
    main()
