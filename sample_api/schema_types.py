"""Types of the schemas of ``sample_api.schemas``, written by ``framework types sample_api.schemas``: do not edit."""

# fmt: off

import datetime
import typing as t


class UserLoad(t.TypedDict):
    """What ``UserSchema`` loads."""

    email: str
    token: str
    username: str
    bio: str | None
    image: str | None


class UserDump(t.TypedDict):
    """What ``UserSchema`` dumps."""

    email: str
    token: str
    username: str
    bio: str | None
    image: str | None


class LoginUserLoad(t.TypedDict):
    """What ``LoginUserSchema`` loads."""

    email: str
    password: str


class LoginUserDump(t.TypedDict):
    """What ``LoginUserSchema`` dumps."""

    email: str


class NewUserLoad(t.TypedDict):
    """What ``NewUserSchema`` loads."""

    username: str
    email: str
    password: str


class NewUserDump(t.TypedDict):
    """What ``NewUserSchema`` dumps."""

    username: str
    email: str


class UpdateUserLoad(t.TypedDict):
    """What ``UpdateUserSchema`` loads."""

    email: t.NotRequired[str]
    username: t.NotRequired[str]
    password: t.NotRequired[str]
    image: t.NotRequired[str | None]
    bio: t.NotRequired[str | None]


class UpdateUserDump(t.TypedDict):
    """What ``UpdateUserSchema`` dumps."""

    email: t.NotRequired[str]
    username: t.NotRequired[str]
    image: t.NotRequired[str | None]
    bio: t.NotRequired[str | None]


class ProfileLoad(t.TypedDict):
    """What ``ProfileSchema`` loads."""

    username: str
    bio: str | None
    image: str | None
    following: bool


class ProfileDump(t.TypedDict):
    """What ``ProfileSchema`` dumps."""

    username: str
    bio: str | None
    image: str | None
    following: bool


class ArticleLoad(t.TypedDict):
    """What ``ArticleSchema`` loads."""

    slug: str
    title: str
    description: str
    body: str
    tag_list: list[str]
    created_at: datetime.datetime
    updated_at: datetime.datetime
    favorited: bool
    favorites_count: int
    author: ProfileLoad


class ArticleDump(t.TypedDict):
    """What ``ArticleSchema`` dumps."""

    slug: str
    title: str
    description: str
    body: str
    tagList: list[str]
    createdAt: str
    updatedAt: str
    favorited: bool
    favoritesCount: int
    author: ProfileDump


class ListedArticleLoad(t.TypedDict):
    """What ``ListedArticleSchema`` loads."""

    slug: str
    title: str
    description: str
    tag_list: list[str]
    created_at: datetime.datetime
    updated_at: datetime.datetime
    favorited: bool
    favorites_count: int
    author: ProfileLoad


class ListedArticleDump(t.TypedDict):
    """What ``ListedArticleSchema`` dumps."""

    slug: str
    title: str
    description: str
    tagList: list[str]
    createdAt: str
    updatedAt: str
    favorited: bool
    favoritesCount: int
    author: ProfileDump


class NewArticleLoad(t.TypedDict):
    """What ``NewArticleSchema`` loads."""

    title: str
    description: str
    body: str
    tag_list: t.NotRequired[list[str]]


class NewArticleDump(t.TypedDict):
    """What ``NewArticleSchema`` dumps."""

    title: str
    description: str
    body: str
    tagList: t.NotRequired[list[str]]


class UpdateArticleLoad(t.TypedDict):
    """What ``UpdateArticleSchema`` loads."""

    title: t.NotRequired[str]
    description: t.NotRequired[str]
    body: t.NotRequired[str]


class UpdateArticleDump(t.TypedDict):
    """What ``UpdateArticleSchema`` dumps."""

    title: t.NotRequired[str]
    description: t.NotRequired[str]
    body: t.NotRequired[str]


class ArticleFilterLoad(t.TypedDict):
    """What ``ArticleFilterSchema`` loads."""

    tag: t.NotRequired[str]
    author: t.NotRequired[str]
    favorited: t.NotRequired[str]


class ArticleFilterDump(t.TypedDict):
    """What ``ArticleFilterSchema`` dumps."""

    tag: t.NotRequired[str]
    author: t.NotRequired[str]
    favorited: t.NotRequired[str]


class CommentLoad(t.TypedDict):
    """What ``CommentSchema`` loads."""

    id: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
    body: str
    author: ProfileLoad


class CommentDump(t.TypedDict):
    """What ``CommentSchema`` dumps."""

    id: int
    createdAt: str
    updatedAt: str
    body: str
    author: ProfileDump


class LoginUserRequestLoad(t.TypedDict):
    """What ``LoginUserRequest`` loads."""

    user: LoginUserLoad


class LoginUserRequestDump(t.TypedDict):
    """What ``LoginUserRequest`` dumps."""

    user: LoginUserDump


class NewUserRequestLoad(t.TypedDict):
    """What ``NewUserRequest`` loads."""

    user: NewUserLoad


class NewUserRequestDump(t.TypedDict):
    """What ``NewUserRequest`` dumps."""

    user: NewUserDump


class UpdateUserRequestLoad(t.TypedDict):
    """What ``UpdateUserRequest`` loads."""

    user: UpdateUserLoad


class UpdateUserRequestDump(t.TypedDict):
    """What ``UpdateUserRequest`` dumps."""

    user: UpdateUserDump


class UserResponseLoad(t.TypedDict):
    """What ``UserResponse`` loads."""

    user: UserLoad


class UserResponseDump(t.TypedDict):
    """What ``UserResponse`` dumps."""

    user: UserDump


class ProfileResponseLoad(t.TypedDict):
    """What ``ProfileResponse`` loads."""

    profile: ProfileLoad


class ProfileResponseDump(t.TypedDict):
    """What ``ProfileResponse`` dumps."""

    profile: ProfileDump


class NewArticleRequestLoad(t.TypedDict):
    """What ``NewArticleRequest`` loads."""

    article: NewArticleLoad


class NewArticleRequestDump(t.TypedDict):
    """What ``NewArticleRequest`` dumps."""

    article: NewArticleDump


class UpdateArticleRequestLoad(t.TypedDict):
    """What ``UpdateArticleRequest`` loads."""

    article: UpdateArticleLoad


class UpdateArticleRequestDump(t.TypedDict):
    """What ``UpdateArticleRequest`` dumps."""

    article: UpdateArticleDump


class SingleArticleResponseLoad(t.TypedDict):
    """What ``SingleArticleResponse`` loads."""

    article: ArticleLoad


class SingleArticleResponseDump(t.TypedDict):
    """What ``SingleArticleResponse`` dumps."""

    article: ArticleDump


class MultipleArticlesResponseLoad(t.TypedDict):
    """What ``MultipleArticlesResponse`` loads."""

    articles: list[ListedArticleLoad]
    articles_count: int


class MultipleArticlesResponseDump(t.TypedDict):
    """What ``MultipleArticlesResponse`` dumps."""

    articles: list[ListedArticleDump]
    articlesCount: int


class SingleCommentResponseLoad(t.TypedDict):
    """What ``SingleCommentResponse`` loads."""

    comment: CommentLoad


class SingleCommentResponseDump(t.TypedDict):
    """What ``SingleCommentResponse`` dumps."""

    comment: CommentDump


class MultipleCommentsResponseLoad(t.TypedDict):
    """What ``MultipleCommentsResponse`` loads."""

    comments: list[CommentLoad]


class MultipleCommentsResponseDump(t.TypedDict):
    """What ``MultipleCommentsResponse`` dumps."""

    comments: list[CommentDump]
