"""How Sphinx builds these pages. Nothing is fetched, neither by the build nor by the pages."""

from __future__ import annotations

import datetime
import os
import re
import sys
import typing as t
from pathlib import Path

from docutils import nodes  # type: ignore[import-untyped]
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parents[1]))

from werkzeug.routing import Rule

import framework.marks.base
import framework.resources.operation
from framework.config import SETTINGS
from framework.context import Context
from framework.errors import APIError
from framework.marks.links import Link
from framework.marks.outgoing import Outgoing

# The signature of a record is worked out from its annotations, among them names that only type checkers import.
vars(framework.marks.base).update(APIError=APIError, Link=Link, Outgoing=Outgoing)
vars(framework.resources.operation).update(Context=Context, Rule=Rule)

project = "Framework"
html_title = project
project_copyright = "the authors of Framework"
extensions = ["sphinx.ext.autodoc"]
exclude_patterns = ["examples"]
html_theme = "furo"
html_show_sphinx = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["copy.css"]
html_js_files = ["copy.js"]
# The address of the repository, for a link to edit each page; without it there are none.
_REPOSITORY = os.environ.get("DOCS_REPOSITORY", "")
if _REPOSITORY:
    html_theme_options = {
        "source_repository": _REPOSITORY,
        "source_branch": os.environ.get("DOCS_BRANCH", "main"),
        "source_directory": "docs/",
    }
pygments_style = "default"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "show-inheritance": True}


class SettingsTable(SphinxDirective):
    """``settings-table``: every built-in setting, read from ``framework.config.SETTINGS`` while the page is built."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: 30 15 20 35", ""]
        lines += ["   * - Setting", "     - Default", "     - Takes", "     - Meaning"]
        for name, setting in SETTINGS.items():
            lines += [f"   * - ``{name}``", f"     - ``{written(setting.default)}``"]
            lines += [f"     - {setting.takes.said}", f"     - {setting.text}"]
        return self.parse_text_to_nodes("\n".join(lines))


def written(value: t.Any) -> str:
    """A default as one would write it."""
    if isinstance(value, datetime.timedelta):
        return f"timedelta(days={value.days})"
    return repr(value)


def short_names(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Leave the modules' short names out of signatures: ``t.Any`` is written ``Any``."""

    def short(text: str | None) -> str | None:
        return None if text is None else re.sub(r"\b(?:t|cabc|ft|dt)\.(?=[A-Za-z])", "", text)

    return short(signature), short(returns)


def setup(app: Sphinx) -> None:
    """Add what is written here; Sphinx calls this."""
    app.add_directive("settings-table", SettingsTable)
    app.connect("autodoc-process-signature", short_names)
