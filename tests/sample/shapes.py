"""The shapes of the specification's answers, members in their order."""

from __future__ import annotations

import re
import typing as t

TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")

Check: t.TypeAlias = t.Callable[[t.Any], bool]


def is_text(value: t.Any) -> bool:
    return type(value) is str


def is_text_or_null(value: t.Any) -> bool:
    return value is None or type(value) is str


def is_flag(value: t.Any) -> bool:
    return type(value) is bool


def is_number(value: t.Any) -> bool:
    return type(value) is int


def is_time(value: t.Any) -> bool:
    return type(value) is str and TIMESTAMP.fullmatch(value) is not None


def is_sorted_texts(value: t.Any) -> bool:
    return type(value) is list and all(type(item) is str for item in value) and value == sorted(value)


def has(members: dict[str, Check]) -> Check:
    """A check for an object with exactly these members, in this order."""

    def check(value: t.Any) -> bool:
        return type(value) is dict and list(value) == list(members) and all(members[n](value[n]) for n in members)

    return check


def many(item: Check) -> Check:
    """A check for a list."""
    return lambda value: type(value) is list and all(map(item, value))


is_user = has(
    {"email": is_text, "token": is_text, "username": is_text, "bio": is_text_or_null, "image": is_text_or_null}
)
is_profile = has({"username": is_text, "bio": is_text_or_null, "image": is_text_or_null, "following": is_flag})
_article: dict[str, Check] = {
    "slug": is_text,
    "title": is_text,
    "description": is_text,
    "body": is_text,
    "tagList": is_sorted_texts,
    "createdAt": is_time,
    "updatedAt": is_time,
    "favorited": is_flag,
    "favoritesCount": is_number,
    "author": is_profile,
}
is_article = has(_article)
is_listed_article = has({name: check for name, check in _article.items() if name != "body"})
is_comment = has({"id": is_number, "createdAt": is_time, "updatedAt": is_time, "body": is_text, "author": is_profile})

is_user_answer = has({"user": is_user})
is_profile_answer = has({"profile": is_profile})
is_article_answer = has({"article": is_article})
is_articles_answer = has({"articles": many(is_listed_article), "articlesCount": is_number})
is_comment_answer = has({"comment": is_comment})
is_comments_answer = has({"comments": many(is_comment)})
is_tags_answer = has({"tags": is_sorted_texts})


def is_errors_answer(value: t.Any) -> bool:
    """``{"errors": {"<field>": ["...", ...]}}``"""
    return (
        type(value) is dict
        and list(value) == ["errors"]
        and type(value["errors"]) is dict
        and bool(value["errors"])
        and all(
            type(messages) is list and messages and all(map(is_text, messages)) for messages in value["errors"].values()
        )
    )
