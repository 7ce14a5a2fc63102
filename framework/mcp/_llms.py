"""``/llms.txt``: the API on one page of Markdown, for language models that write clients.

Floor 7.
"""

from __future__ import annotations

import typing as t

from ..context import current
from ..marks.doc import doc
from ..openapi.document import listed, paths, title

if t.TYPE_CHECKING:
    from ..app import App
    from ..wrappers import Response

_PAGES: t.Final = (
    ("OPENAPI_JSON_PATH", "OpenAPI document", "all operations with their schemas and errors"),
    ("DOCS_PATH", "Documentation", "the same for people"),
)


def serve_llms(app: App) -> None:
    """Serve the page at ``LLMS_PATH``, with the marks of the documentation."""

    def llms() -> Response:
        ctx = current()
        text = page(ctx.app, ctx.request_environ.get("SCRIPT_NAME", "").rstrip("/"))
        return ctx.app.response_class(text, content_type="text/markdown; charset=utf-8")

    for mark in (doc(hidden=True), *reversed(tuple(app.config["DOCS_MARKS"] or ()))):
        llms = mark(llms)
    app.add_url_rule(app.config["LLMS_PATH"], "framework_llms", llms, methods=["GET"])


def page(app: App, root: str) -> str:
    """Return the page.

    :param root: What is in front of all paths.
    """
    config = app.config
    parts = [f"# {line(title(app, config))}"]
    if config["API_DESCRIPTION"]:
        parts.append("\n".join(f"> {each}".rstrip() for each in str(config["API_DESCRIPTION"]).strip().splitlines()))
    links = [f"- [{name}]({root}{config[key]}): {text}" for key, name, text in _PAGES if config[key] is not None]
    if config["MCP_PATH"] is not None:
        links.append(f"- [Tools]({root}{config['MCP_PATH']}): Model Context Protocol, by POST")
    if links:
        parts.append("\n".join(links))
    tags: dict[str, list[str]] = {}
    for operation in listed(app):
        said = f"- `{operation.method} {root}{paths.template(operation.rule)}`"
        summary = line(operation.summary)
        for tag in operation.tags or ("Operations",):
            tags.setdefault(tag, []).append(f"{said}: {summary}" if summary else said)
    parts += [f"## {line(tag)}\n\n" + "\n".join(lines) for tag, lines in tags.items()]
    return "\n\n".join(parts) + "\n"


def line(text: str) -> str:
    """Return a text as one line."""
    return " ".join(str(text).split())
