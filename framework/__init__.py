"""A class-based resource framework for JSON APIs. This is the front door: names, no logic."""

from __future__ import annotations

import importlib
import typing as t

from marshmallow import EXCLUDE as EXCLUDE
from marshmallow import INCLUDE as INCLUDE
from marshmallow import RAISE as RAISE
from marshmallow import Schema as Schema
from marshmallow import ValidationError as ValidationError
from marshmallow import post_dump as post_dump
from marshmallow import post_load as post_load
from marshmallow import pre_dump as pre_dump
from marshmallow import pre_load as pre_load
from marshmallow import validate as validate
from marshmallow import validates as validates
from marshmallow import validates_schema as validates_schema
from werkzeug.exceptions import HTTPException as HTTPException

# Schemas and fields (marshmallow's, and the framework's own fields)
from . import fields as fields

# Applications, resources, requests
from . import json as json
from .app.app import App as App
from .config import Config as Config
from .context import Context as Context
from .context import after_this_request as after_this_request
from .context import copy_current_request_context as copy_current_request_context
from .context import current_app as current_app
from .context import current_user as current_user
from .context import g as g
from .context import has_app_context as has_app_context
from .context import has_request_context as has_request_context
from .context import request as request
from .context import session as session
from .helpers import abort as abort
from .helpers import flash as flash
from .helpers import get_flashed_messages as get_flashed_messages
from .helpers import get_template_attribute as get_template_attribute
from .helpers import make_response as make_response
from .helpers import redirect as redirect
from .helpers import send_file as send_file
from .helpers import send_from_directory as send_from_directory
from .helpers import stream_with_context as stream_with_context
from .helpers import url_for as url_for
from .json import jsonify as jsonify

# Marks
from .marks.arguments import arguments as arguments
from .marks.doc import doc as doc
from .marks.raises import raises as raises
from .marks.responses import alt_response as alt_response
from .marks.responses import response as response
from .resources.resource import Resource as Resource
from .resources.router import Router as Router

# Signals
from .signals import appcontext_popped as appcontext_popped
from .signals import appcontext_pushed as appcontext_pushed
from .signals import appcontext_tearing_down as appcontext_tearing_down
from .signals import before_render_template as before_render_template
from .signals import got_request_exception as got_request_exception
from .signals import message_flashed as message_flashed
from .signals import request_finished as request_finished
from .signals import request_started as request_started
from .signals import request_tearing_down as request_tearing_down
from .signals import template_rendered as template_rendered
from .wrappers import Request as Request
from .wrappers import Response as Response

# Looked up when they are used: what an application does not name, it does not load.
_LATER = {
    "APIKey": "marks.schemes",
    "Basic": "marks.schemes",
    "Bearer": "marks.schemes",
    "Grant": "marks.schemes",
    "OAuth2": "marks.schemes",
    "OpenIDConnect": "marks.schemes",
    "SessionAuth": "marks.schemes",
    "TokenMaker": "tokens",
    "anyone": "marks.permissions",
    "csrf_token": "marks.csrf",
    "loads": "marks.permissions",
    "permission": "marks.permissions",
    "permissions_required": "marks.permissions",
    "public": "marks.security",
    "requires": "marks.security",
    "CORS": "marks.cors",
    "Link": "marks.links",
    "Webhook": "marks.outgoing",
    "callback": "marks.outgoing",
    "after_response": "afterwards",
    "always_after_response": "afterwards",
    "consumes": "marks.negotiation",
    "produces": "marks.negotiation",
    "JSONPatch": "marks.patches",
    "apply_merge": "fast.merging",
    "json_patch": "marks.patches",
    "merge_patch": "marks.patches",
    "Download": "marks.downloads",
    "download": "marks.downloads",
    "envelope": "marks.wrapping",
    "FileExtension": "uploads",
    "FileSize": "uploads",
    "FileType": "uploads",
    "safe_name": "uploads",
    "save_upload": "uploads",
    "Event": "http.events",
    "events": "marks.streams",
    "last_event_id": "marks.streams",
    "stream": "marks.streams",
    "retired": "marks.retirement",
    "since": "marks.versions",
    "until": "marks.versions",
    "HeaderVersion": "http.versions",
    "MediaTypeVersion": "http.versions",
    "PathPrefix": "http.versions",
    "QueryVersion": "http.versions",
    "Version": "resources.versions",
    "Versions": "resources.versions",
    "idempotent": "marks.idempotency",
    "limit": "marks.limits",
    "cache_control": "marks.caching",
    "CursorPage": "marks.pages",
    "OffsetPage": "marks.pages",
    "Page": "marks.pages",
    "filters": "marks.filters",
    "paginate": "marks.pagination",
    "searches": "marks.sorts",
    "sorts": "marks.sorts",
    "sparse": "marks.sparse",
    "check_etag": "marks.etags",
    "etag": "marks.etags",
    "render_template": "templating",
    "render_template_string": "templating",
    "security_headers": "marks.security_headers",
    "set_etag": "marks.etags",
    "stream_template": "templating",
    "stream_template_string": "templating",
}

if t.TYPE_CHECKING:
    from .afterwards import after_response as after_response
    from .afterwards import always_after_response as always_after_response
    from .fast.merging import apply_merge as apply_merge
    from .http.events import Event as Event
    from .http.versions import HeaderVersion as HeaderVersion
    from .http.versions import MediaTypeVersion as MediaTypeVersion
    from .http.versions import PathPrefix as PathPrefix
    from .http.versions import QueryVersion as QueryVersion
    from .marks.caching import cache_control as cache_control
    from .marks.cors import CORS as CORS
    from .marks.csrf import csrf_token as csrf_token
    from .marks.downloads import Download as Download
    from .marks.downloads import download as download
    from .marks.etags import check_etag as check_etag
    from .marks.etags import etag as etag
    from .marks.etags import set_etag as set_etag
    from .marks.filters import filters as filters
    from .marks.idempotency import idempotent as idempotent
    from .marks.limits import limit as limit
    from .marks.links import Link as Link
    from .marks.negotiation import consumes as consumes
    from .marks.negotiation import produces as produces
    from .marks.outgoing import Webhook as Webhook
    from .marks.outgoing import callback as callback
    from .marks.pages import CursorPage as CursorPage
    from .marks.pages import OffsetPage as OffsetPage
    from .marks.pages import Page as Page
    from .marks.pagination import paginate as paginate
    from .marks.patches import JSONPatch as JSONPatch
    from .marks.patches import json_patch as json_patch
    from .marks.patches import merge_patch as merge_patch
    from .marks.permissions import anyone as anyone
    from .marks.permissions import loads as loads
    from .marks.permissions import permission as permission
    from .marks.permissions import permissions_required as permissions_required
    from .marks.retirement import retired as retired
    from .marks.schemes import APIKey as APIKey
    from .marks.schemes import Basic as Basic
    from .marks.schemes import Bearer as Bearer
    from .marks.schemes import Grant as Grant
    from .marks.schemes import OAuth2 as OAuth2
    from .marks.schemes import OpenIDConnect as OpenIDConnect
    from .marks.schemes import SessionAuth as SessionAuth
    from .marks.security import public as public
    from .marks.security import requires as requires
    from .marks.security_headers import security_headers as security_headers
    from .marks.sorts import searches as searches
    from .marks.sorts import sorts as sorts
    from .marks.sparse import sparse as sparse
    from .marks.streams import events as events
    from .marks.streams import last_event_id as last_event_id
    from .marks.streams import stream as stream
    from .marks.versions import since as since
    from .marks.versions import until as until
    from .marks.wrapping import envelope as envelope
    from .resources.versions import Version as Version
    from .resources.versions import Versions as Versions
    from .templating import render_template as render_template
    from .templating import render_template_string as render_template_string
    from .templating import stream_template as stream_template
    from .templating import stream_template_string as stream_template_string
    from .tokens import TokenMaker as TokenMaker
    from .uploads import FileExtension as FileExtension
    from .uploads import FileSize as FileSize
    from .uploads import FileType as FileType
    from .uploads import safe_name as safe_name
    from .uploads import save_upload as save_upload


_RENAMED = {"Flask": "App", "Blueprint": "Router"}

__all__ = sorted(
    {name for name in globals() if name[0] != "_" and name not in {"annotations", "importlib", "t"}} | set(_LATER)
)


def __getattr__(name: str) -> t.Any:
    if name in _RENAMED:  # an AttributeError would leave the words out of what 'from framework import' says
        here = _RENAMED[name]
        raise ImportError(f"{name!r} is called {here!r} here: from framework import {here}", name=__name__)
    if name in _LATER:
        return getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module 'framework' has no attribute {name!r}")
