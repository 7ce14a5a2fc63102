"""A class-based resource framework for JSON APIs. This is the front door: names, no logic."""

from __future__ import annotations

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
from ._lazy import lazy
from .app import App as App
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
from .helpers import nonblocking as nonblocking
from .helpers import redirect as redirect
from .helpers import send_file as send_file
from .helpers import send_from_directory as send_from_directory
from .helpers import stream_with_context as stream_with_context
from .helpers import url_for as url_for
from .json import jsonify as jsonify
from .marks.doc import doc as doc

# Marks
from .marks.inputs import arguments as arguments
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
    "_background": "after_response always_after_response",
    "_coroutines": "wait_for",
    "fast.load": "apply_merge",
    "http.events": "Event",
    "marks.browsers": "CORS security_headers",
    "marks.conditional": "cache_control check_etag etag set_etag",
    "marks.files": "Download download events last_event_id stream",
    "marks.inputs": "JSONPatch json_patch merge_patch",
    "marks.links": "Link",
    "marks.lists": "CursorPage OffsetPage Page envelope filters paginate searches sorts sparse",
    "marks.negotiation": "consumes produces",
    "marks.outgoing": "Webhook callback",
    "marks.providers": "provider provides",
    "marks.security": (
        "APIKey Basic Bearer Grant OAuth2 OpenIDConnect SessionAuth anyone csrf_token loads permission "
        "permissions_required public requires"
    ),
    "marks.traffic": "idempotent limit",
    "templating": "render_template render_template_string stream_template stream_template_string",
    "tokens": "TokenMaker",
    "uploads": "FileExtension FileSize FileType safe_name save_upload",
    "versions": "HeaderVersion MediaTypeVersion PathPrefix QueryVersion Version Versions retired since until",
}

if t.TYPE_CHECKING:
    from ._background import after_response as after_response
    from ._background import always_after_response as always_after_response
    from ._coroutines import wait_for as wait_for
    from .fast.load import apply_merge as apply_merge
    from .http.events import Event as Event
    from .marks.browsers import CORS as CORS
    from .marks.browsers import security_headers as security_headers
    from .marks.conditional import cache_control as cache_control
    from .marks.conditional import check_etag as check_etag
    from .marks.conditional import etag as etag
    from .marks.conditional import set_etag as set_etag
    from .marks.files import Download as Download
    from .marks.files import download as download
    from .marks.files import events as events
    from .marks.files import last_event_id as last_event_id
    from .marks.files import stream as stream
    from .marks.inputs import JSONPatch as JSONPatch
    from .marks.inputs import json_patch as json_patch
    from .marks.inputs import merge_patch as merge_patch
    from .marks.links import Link as Link
    from .marks.lists import CursorPage as CursorPage
    from .marks.lists import OffsetPage as OffsetPage
    from .marks.lists import Page as Page
    from .marks.lists import envelope as envelope
    from .marks.lists import filters as filters
    from .marks.lists import paginate as paginate
    from .marks.lists import searches as searches
    from .marks.lists import sorts as sorts
    from .marks.lists import sparse as sparse
    from .marks.negotiation import consumes as consumes
    from .marks.negotiation import produces as produces
    from .marks.outgoing import Webhook as Webhook
    from .marks.outgoing import callback as callback
    from .marks.providers import provider as provider
    from .marks.providers import provides as provides
    from .marks.security import APIKey as APIKey
    from .marks.security import Basic as Basic
    from .marks.security import Bearer as Bearer
    from .marks.security import Grant as Grant
    from .marks.security import OAuth2 as OAuth2
    from .marks.security import OpenIDConnect as OpenIDConnect
    from .marks.security import SessionAuth as SessionAuth
    from .marks.security import anyone as anyone
    from .marks.security import csrf_token as csrf_token
    from .marks.security import loads as loads
    from .marks.security import permission as permission
    from .marks.security import permissions_required as permissions_required
    from .marks.security import public as public
    from .marks.security import requires as requires
    from .marks.traffic import idempotent as idempotent
    from .marks.traffic import limit as limit
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
    from .versions import HeaderVersion as HeaderVersion
    from .versions import MediaTypeVersion as MediaTypeVersion
    from .versions import PathPrefix as PathPrefix
    from .versions import QueryVersion as QueryVersion
    from .versions import Version as Version
    from .versions import Versions as Versions
    from .versions import retired as retired
    from .versions import since as since
    from .versions import until as until
else:
    __getattr__ = lazy(__name__, _LATER, renamed={"Flask": "App", "Blueprint": "Router"})

__all__ = sorted(
    {name for name in globals() if name[0] != "_" and name not in {"annotations", "lazy", "t"}}
    | set(" ".join(_LATER.values()).split())
)
