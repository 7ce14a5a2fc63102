"""The texts of a document as HTML: a safe part of CommonMark, and the double backquotes of docstrings.

Everything is escaped first; HTML in a text is shown as text, and links lead to web, mail and relative addresses alone.
Not here: HTML, images, tables; a heading is a bold paragraph.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import re

from markupsafe import Markup, escape

_CODE = re.compile(r"(``?)([^`]+)\1")
_LINK = re.compile(r"\[([^\[\]]{1,500})\]\(([^()\s<>]{1,2000})\)|&lt;(https?://[^\s&<>]{1,2000})&gt;")
_STRONG = re.compile(r"\*\*([^*\s](?:[^*]*[^*\s])?)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])([^*_\s](?:[^*_]*[^*_\s])?)\1(?![\w*])")
_SAFE = re.compile(r"(?:https?:|mailto:|[/#?.]|[^:/?#]*(?:[/?#]|$))", re.IGNORECASE)
_ITEM = re.compile(r"( {0,3})([-*+]|\d{1,9}[.)])(?: +|$)")
_HEADING = re.compile(r" {0,3}#{1,6} +(.*?)[ #]*$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_MOST_NESTED = 4


def markdown(text: str) -> Markup:
    """Return a text as blocks: paragraphs, lists, code."""
    return Markup("\n").join(blocks(text.expandtabs(4).splitlines(), 0))


def marked(text: str) -> Markup:
    """Return one paragraph without its element."""
    return inline(" ".join(text.split()))


def first_line(text: str) -> Markup:
    """Return the first line of a text."""
    return marked(text.partition("\n")[0])


def blocks(lines: list[str], depth: int) -> cabc.Iterator[Markup]:
    """Return the blocks of some lines.

    :param depth: The lists around them.
    """
    paragraph: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        fence, item, heading = _FENCE.match(line), _ITEM.match(line), _HEADING.match(line)
        # A number in the middle of a paragraph begins a list only if it is 1, as in CommonMark.
        begins = item is not None and depth < _MOST_NESTED and (not paragraph or item[2][:-1] in ("", "1"))
        if fence or begins or heading or not line.strip():
            yield from finished(paragraph)
            paragraph = []
        if fence:
            end = next((n for n in range(at + 1, len(lines)) if lines[n].strip().startswith(fence[1])), len(lines))
            yield Markup('<pre tabindex="0">{}</pre>').format("\n".join(lines[at + 1 : end]))
            at = end + 1
        elif begins and item:
            made, at = listing(lines, at, item, depth)
            yield made
        elif heading:
            yield Markup("<p><strong>{}</strong></p>").format(inline(heading[1]))
            at += 1
        else:
            if line.strip():
                paragraph.append(line.strip())
            at += 1
    yield from finished(paragraph)


def finished(paragraph: list[str]) -> cabc.Iterator[Markup]:
    """Return the paragraph of some lines, if there are any."""
    if paragraph:
        yield Markup("<p>{}</p>").format(inline(" ".join(" ".join(paragraph).split())))


def listing(lines: list[str], at: int, first: re.Match[str], depth: int) -> tuple[Markup, int]:
    """Return a list and the line after it."""
    kind = first[2][-1]
    items: list[list[str]] = []
    while at < len(lines):
        found = _ITEM.match(lines[at])
        if found and found[2][-1] == kind and len(found[1]) == len(first[1]):
            items.append([lines[at][found.end() :]])
        elif not lines[at].strip():
            following = lines[at + 1] if at + 1 < len(lines) else ""
            again = _ITEM.match(following)
            if not (following.startswith(" " * (len(first[1]) + 2)) or (again and again[2][-1] == kind)):
                break
            items[-1].append("")
        elif found and len(found[1]) <= len(first[1]):
            break  # a list of another kind
        else:
            width = min(len(first[0]), len(lines[at]) - len(lines[at].lstrip()))
            items[-1].append(lines[at][width:])
        at += 1
    tag = Markup("ol" if kind in ".)" else "ul")
    made = Markup("").join(Markup("<li>{}</li>").format(item_of(each, depth)) for each in items)
    return Markup("<{0}>{1}</{0}>").format(tag, made), at


def item_of(lines: list[str], depth: int) -> Markup:
    """Return the content of an item: a single paragraph without its element."""
    made = list(blocks(lines, depth + 1))
    if made and made[0].startswith("<p>"):
        made[0] = Markup(made[0].removeprefix("<p>").removesuffix("</p>"))
    return Markup("\n").join(made)


def inline(text: str) -> Markup:
    """Return the text of a block, escaped, with code, links and emphasis."""
    made, last = "", 0
    for found in _CODE.finditer(text):
        made += plain(text[last : found.start()]) + f"<code>{escape(found[2].strip())}</code>"
        last = found.end()
    return Markup(made + plain(text[last:]))


def plain(text: str) -> str:
    """Return text without code as HTML."""
    shown = str(escape(text))
    if "[" not in shown and "*" not in shown and "_" not in shown and "&lt;" not in shown:
        return shown
    made, last = "", 0
    for found in _LINK.finditer(shown):
        made += emphasis(shown[last : found.start()])
        href = found[2] or found[3]
        words = emphasis(found[1]) if found[1] else href
        made += f'<a href="{href}">{words}</a>' if _SAFE.match(href) else emphasis(found[0])
        last = found.end()
    return made + emphasis(shown[last:])


def emphasis(shown: str) -> str:
    """Return escaped text with its emphasis."""
    return _EMPHASIS.sub(r"<em>\2</em>", _STRONG.sub(r"<strong>\1</strong>", shown))
