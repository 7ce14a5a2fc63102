"""Types of the schemas of ``sample_api.schemas``, written by ``framework types sample_api.schemas``: do not edit."""

# fmt: off

import datetime
import typing as t


class UserLoad(t.TypedDict):
    """The values that ``UserSchema`` loads."""

    email: str
    token: str
    username: str
    bio: str | None
    image: str | None


class UserDump(t.TypedDict):
    """The values that ``UserSchema`` dumps."""

    email: str
    token: str
    username: str
    bio: str | None
    image: str | None


class LoginUserLoad(t.TypedDict):
    """The values that ``LoginUserSchema`` loads."""

    email: str
    password: str


class LoginUserDump(t.TypedDict):
    """The values that ``LoginUserSchema`` dumps."""

    email: str


class NewUserLoad(t.TypedDict):
    """The values that ``NewUserSchema`` loads."""

    username: str
    email: str
    password: str


class NewUserDump(t.TypedDict):
    """The values that ``NewUserSchema`` dumps."""

    username: str
    email: str


class UpdateUserLoad(t.TypedDict):
    """The values that ``UpdateUserSchema`` loads."""

    email: t.NotRequired[str]
    username: t.NotRequired[str]
    password: t.NotRequired[str]
    image: t.NotRequired[str | None]
    bio: t.NotRequired[str | None]


class UpdateUserDump(t.TypedDict):
    """The values that ``UpdateUserSchema`` dumps."""

    email: t.NotRequired[str]
    username: t.NotRequired[str]
    image: t.NotRequired[str | None]
    bio: t.NotRequired[str | None]


class ProfileLoad(t.TypedDict):
    """The values that ``ProfileSchema`` loads."""

    username: str
    bio: str | None
    image: str | None
    following: bool


class ProfileDump(t.TypedDict):
    """The values that ``ProfileSchema`` dumps."""

    username: str
    bio: str | None
    image: str | None
    following: bool


class ArticleLoad(t.TypedDict):
    """The values that ``ArticleSchema`` loads."""

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
    """The values that ``ArticleSchema`` dumps."""

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
    """The values that ``ListedArticleSchema`` loads."""

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
    """The values that ``ListedArticleSchema`` dumps."""

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
    """The values that ``NewArticleSchema`` loads."""

    title: str
    description: str
    body: str
    tag_list: t.NotRequired[list[str]]


class NewArticleDump(t.TypedDict):
    """The values that ``NewArticleSchema`` dumps."""

    title: str
    description: str
    body: str
    tagList: t.NotRequired[list[str]]


class UpdateArticleLoad(t.TypedDict):
    """The values that ``UpdateArticleSchema`` loads."""

    title: t.NotRequired[str]
    description: t.NotRequired[str]
    body: t.NotRequired[str]


class UpdateArticleDump(t.TypedDict):
    """The values that ``UpdateArticleSchema`` dumps."""

    title: t.NotRequired[str]
    description: t.NotRequired[str]
    body: t.NotRequired[str]


class ArticleFilterLoad(t.TypedDict):
    """The values that ``ArticleFilterSchema`` loads."""

    tag: t.NotRequired[str]
    author: t.NotRequired[str]
    favorited: t.NotRequired[str]


class ArticleFilterDump(t.TypedDict):
    """The values that ``ArticleFilterSchema`` dumps."""

    tag: t.NotRequired[str]
    author: t.NotRequired[str]
    favorited: t.NotRequired[str]


class CommentLoad(t.TypedDict):
    """The values that ``CommentSchema`` loads."""

    id: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
    body: str
    author: ProfileLoad


class CommentDump(t.TypedDict):
    """The values that ``CommentSchema`` dumps."""

    id: int
    createdAt: str
    updatedAt: str
    body: str
    author: ProfileDump


class LoginUserRequestLoad(t.TypedDict):
    """The values that ``LoginUserRequest`` loads."""

    user: LoginUserLoad


class LoginUserRequestDump(t.TypedDict):
    """The values that ``LoginUserRequest`` dumps."""

    user: LoginUserDump


class NewUserRequestLoad(t.TypedDict):
    """The values that ``NewUserRequest`` loads."""

    user: NewUserLoad


class NewUserRequestDump(t.TypedDict):
    """The values that ``NewUserRequest`` dumps."""

    user: NewUserDump


class UpdateUserRequestLoad(t.TypedDict):
    """The values that ``UpdateUserRequest`` loads."""

    user: UpdateUserLoad


class UpdateUserRequestDump(t.TypedDict):
    """The values that ``UpdateUserRequest`` dumps."""

    user: UpdateUserDump


class UserResponseLoad(t.TypedDict):
    """The values that ``UserResponse`` loads."""

    user: UserLoad


class UserResponseDump(t.TypedDict):
    """The values that ``UserResponse`` dumps."""

    user: UserDump


class ProfileResponseLoad(t.TypedDict):
    """The values that ``ProfileResponse`` loads."""

    profile: ProfileLoad


class ProfileResponseDump(t.TypedDict):
    """The values that ``ProfileResponse`` dumps."""

    profile: ProfileDump


class NewArticleRequestLoad(t.TypedDict):
    """The values that ``NewArticleRequest`` loads."""

    article: NewArticleLoad


class NewArticleRequestDump(t.TypedDict):
    """The values that ``NewArticleRequest`` dumps."""

    article: NewArticleDump


class UpdateArticleRequestLoad(t.TypedDict):
    """The values that ``UpdateArticleRequest`` loads."""

    article: UpdateArticleLoad


class UpdateArticleRequestDump(t.TypedDict):
    """The values that ``UpdateArticleRequest`` dumps."""

    article: UpdateArticleDump


class SingleArticleResponseLoad(t.TypedDict):
    """The values that ``SingleArticleResponse`` loads."""

    article: ArticleLoad


class SingleArticleResponseDump(t.TypedDict):
    """The values that ``SingleArticleResponse`` dumps."""

    article: ArticleDump


class MultipleArticlesResponseLoad(t.TypedDict):
    """The values that ``MultipleArticlesResponse`` loads."""

    articles: list[ListedArticleLoad]
    articles_count: int


class MultipleArticlesResponseDump(t.TypedDict):
    """The values that ``MultipleArticlesResponse`` dumps."""

    articles: list[ListedArticleDump]
    articlesCount: int


class SingleCommentResponseLoad(t.TypedDict):
    """The values that ``SingleCommentResponse`` loads."""

    comment: CommentLoad


class SingleCommentResponseDump(t.TypedDict):
    """The values that ``SingleCommentResponse`` dumps."""

    comment: CommentDump


class MultipleCommentsResponseLoad(t.TypedDict):
    """The values that ``MultipleCommentsResponse`` loads."""

    comments: list[CommentLoad]


class MultipleCommentsResponseDump(t.TypedDict):
    """The values that ``MultipleCommentsResponse`` dumps."""

    comments: list[CommentDump]
