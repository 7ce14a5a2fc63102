"""What goes in and what comes out. The tables behind it are in ``models``.

The order of the fields is the order of the members in an answer. Each body is an object with one member, which
holds the rest: the classes called ``...Request`` and ``...Response``. A new
comment and the tags are annotated classes.
"""

from __future__ import annotations

import dataclasses
import typing as t

from framework import Schema, ValidationError, fields, validate, validates_schema

from . import models

EMPTY = "can't be empty"
MESSAGES: dict[str, t.Any] = {"required": EMPTY, "null": EMPTY}


NOT_BLANK = validate.Regexp(r"^[^\x00]*[^\s\x00][^\x00]*$", error=EMPTY)


def text(max_length: int, *, blank: bool = False, **options: t.Any) -> fields.String:
    """A field for text that people write.

    :param max_length: In characters.
    :param blank: Whether it may be empty, or spaces alone.
    :param options: What ``fields.String`` takes.
    """
    checks: list[validate.Validator] = [validate.Length(max=max_length)]
    if not blank:
        checks.append(NOT_BLANK)
    return fields.String(validate=checks, error_messages=MESSAGES, **options)


def picture() -> fields.String:
    """Make a field for the address of a picture, which front ends show: never a ``javascript:``; or empty."""
    checks = [
        validate.Length(max=2000),
        validate.Regexp(r"^(https?://[^\s\x00-\x1f\x7f\"'<>\\]+)?$", error="is not an http:// or https:// address"),
    ]
    metadata = {"description": "The address of a picture, with `https://` or `http://`; empty: none."}
    return fields.String(validate=checks, allow_none=True, error_messages=MESSAGES, metadata=metadata)


def username(**options: t.Any) -> fields.String:
    """A field for a new username. It must make one segment of an address: ``/api/profiles/{username}``."""
    checks = [
        validate.Length(min=1, error=EMPTY),
        validate.Length(max=models.USERNAME_LENGTH),
        validate.Regexp(
            r"^([^\s\x00-\x1f\x7f/\\?#%.][^\s\x00-\x1f\x7f/\\?#%]*)?$",
            error="can't contain spaces or any of / \\ ? # %, nor begin with a dot",
        ),
    ]
    return fields.String(validate=checks, error_messages=MESSAGES, **options)


def email(**options: t.Any) -> fields.Email:
    """A field for a new email address."""
    check = validate.Length(max=models.EMAIL_LENGTH)
    messages = {**MESSAGES, "invalid": "is not an email address"}
    return fields.Email(validate=check, error_messages=messages, **options)


def password(**options: t.Any) -> fields.String:
    """A field for a password; never sent back."""
    metadata = {"format": "password"}
    check = [validate.Length(min=1, error=EMPTY), validate.Length(max=1000)]
    return fields.String(load_only=True, validate=check, error_messages=MESSAGES, metadata=metadata, **options)


# Users and profiles


class UserSchema(Schema):
    """The user who is logged in, as nobody else sees them."""

    email = fields.String(required=True)
    token = fields.String(required=True)
    username = fields.String(required=True)
    bio = fields.String(required=True, allow_none=True)
    image = fields.String(required=True, allow_none=True)


class LoginUserSchema(Schema):
    """Who wants to log in."""

    email = text(models.EMAIL_LENGTH, required=True)
    password = password(required=True)


class NewUserSchema(Schema):
    """Who wants to register."""

    username = username(required=True)
    email = email(required=True)
    password = password(required=True)


class UpdateUserSchema(Schema):
    """What shall change of the user, at least one field; the rest stays."""

    email = email()
    username = username()
    password = password()
    image = picture()
    bio = text(10_000, blank=True, allow_none=True)

    @validates_schema
    def check_something_is_given(self, data: dict[str, t.Any], **kwargs: t.Any) -> None:
        """An update of nothing is a mistake of the client."""
        if not data:
            raise ValidationError("must have at least one field")


class ProfileSchema(Schema):
    """A user as others see them."""

    username = fields.String(required=True)
    bio = fields.String(required=True, allow_none=True)
    image = fields.String(required=True, allow_none=True)
    following = fields.Boolean(required=True, metadata={"description": "Whether the one who asks follows this user."})


# Articles


class ArticleSchema(Schema):
    """An article, as the one who asks sees it."""

    slug = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    body = fields.String(required=True)
    tag_list = fields.List(
        fields.String(), data_key="tagList", required=True, metadata={"description": "In alphabetical order."}
    )
    created_at = fields.DateTime(data_key="createdAt", timespec="milliseconds", required=True)
    updated_at = fields.DateTime(data_key="updatedAt", timespec="milliseconds", required=True)
    favorited = fields.Boolean(required=True)
    favorites_count = fields.Integer(data_key="favoritesCount", required=True)
    author = fields.Nested(ProfileSchema, required=True)


class ListedArticleSchema(ArticleSchema):
    """An article in a list, which has everything but the body."""

    class Meta:
        exclude = ("body",)


class NewArticleSchema(Schema):
    """An article to publish."""

    title = text(models.TITLE_LENGTH, required=True)
    description = text(models.DESCRIPTION_LENGTH, required=True)
    body = text(100_000, required=True)
    tag_list = fields.List(
        text(models.TAG_LENGTH),
        data_key="tagList",
        validate=validate.Length(max=20),
        error_messages=MESSAGES,
        metadata={"description": "A tag that is given twice is kept once."},
    )


class UpdateArticleSchema(Schema):
    """What shall change of the article; the rest stays. With its title an article changes its slug."""

    title = text(models.TITLE_LENGTH)
    description = text(models.DESCRIPTION_LENGTH)
    body = text(100_000)


class ArticleFilterSchema(Schema):
    """Which articles."""

    tag = text(1000, blank=True, metadata={"description": "Only articles with this tag."})
    author = text(1000, blank=True, metadata={"description": "Only articles by the user of this name."})
    favorited = text(1000, blank=True, metadata={"description": "Only favorites of the user of this name."})


# Comments


class CommentSchema(Schema):
    """What somebody says to an article."""

    id = fields.Integer(required=True)
    created_at = fields.DateTime(data_key="createdAt", timespec="milliseconds", required=True)
    updated_at = fields.DateTime(data_key="updatedAt", timespec="milliseconds", required=True)
    body = fields.String(required=True)
    author = fields.Nested(ProfileSchema, required=True)


@dataclasses.dataclass
class NewComment:
    """What to say."""

    body: t.Annotated[str, text(10_000)]


# The objects around them


class LoginUserRequest(Schema):
    """A login."""

    user = fields.Nested(LoginUserSchema, required=True)


class NewUserRequest(Schema):
    """A registration."""

    user = fields.Nested(NewUserSchema, required=True)


class UpdateUserRequest(Schema):
    """A change of one's own user."""

    user = fields.Nested(UpdateUserSchema, required=True, metadata={"minProperties": 1})


class UserResponse(Schema):
    """One's own user."""

    user = fields.Nested(UserSchema, required=True)


class ProfileResponse(Schema):
    """A profile."""

    profile = fields.Nested(ProfileSchema, required=True)


class NewArticleRequest(Schema):
    """A new article."""

    article = fields.Nested(NewArticleSchema, required=True)


class UpdateArticleRequest(Schema):
    """A change of an article."""

    article = fields.Nested(UpdateArticleSchema, required=True)


class SingleArticleResponse(Schema):
    """An article."""

    article = fields.Nested(ArticleSchema, required=True)


class MultipleArticlesResponse(Schema):
    """A part of a list of articles, newest first."""

    articles = fields.List(fields.Nested(ListedArticleSchema), required=True)
    articles_count = fields.Integer(
        data_key="articlesCount", required=True, metadata={"description": "The length of the whole list."}
    )


@dataclasses.dataclass
class NewCommentRequest:
    """A new comment."""

    comment: NewComment


class SingleCommentResponse(Schema):
    """A comment."""

    comment = fields.Nested(CommentSchema, required=True)


class MultipleCommentsResponse(Schema):
    """The comments of an article, newest first."""

    comments = fields.List(fields.Nested(CommentSchema), required=True)


class TagsResponse(t.TypedDict):
    """All tags that articles carry, in alphabetical order."""

    tags: list[str]
