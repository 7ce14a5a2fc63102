"""The signals that the framework sends, and a namespace for those of extensions.

Not here: when they are sent (``context``, ``app._app``, ``templating``, ``helpers``).
Floor 0.

Every receiver gets the sender, an :class:`~framework.App`, and keyword arguments::

    template_rendered           template, context       after a template was rendered
    before_render_template      template, context       before it is
    request_started                                     the context is pushed, no hook has run
    request_finished            response                the answer is complete, the session is saved
    request_tearing_down        exc                     after the teardown functions of a request
    got_request_exception       exception               an unhandled exception
    appcontext_tearing_down     exc                     after the teardown functions of a context
    appcontext_pushed                                   a context was pushed
    appcontext_popped                                   a context was popped
    message_flashed             message, category       a message was flashed
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

template_rendered = _signals.signal("template-rendered")
before_render_template = _signals.signal("before-render-template")
request_started = _signals.signal("request-started")
request_finished = _signals.signal("request-finished")
request_tearing_down = _signals.signal("request-tearing-down")
got_request_exception = _signals.signal("got-request-exception")
appcontext_tearing_down = _signals.signal("appcontext-tearing-down")
appcontext_pushed = _signals.signal("appcontext-pushed")
appcontext_popped = _signals.signal("appcontext-popped")
message_flashed = _signals.signal("message-flashed")
