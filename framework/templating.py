"""Templates, by Jinja2.

Jinja2 is an extra: this module needs it, and no other module of the framework imports this module before a template is
used. Not here: which folders have templates (``resources.scaffold``), filters and tests (``app``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from . import context, signals
from .helpers import _default_template_ctx_processor as _default_template_ctx_processor
from .helpers import get_flashed_messages, stream_with_context

try:
    import jinja2
except ImportError as error:
    raise ImportError("Templates need Jinja2, which is not installed. Install it: pip install jinja2") from error

if t.TYPE_CHECKING:
    from .app import App
    from .resources.scaffold import Scaffold

TemplateSource: t.TypeAlias = tuple[str, str | None, cabc.Callable[[], bool] | None]
"""The result of a loader: the source, its file if any, and a function that says whether that is still the newest."""

TemplateNames: t.TypeAlias = "str | jinja2.Template | list[str | jinja2.Template]"


class Environment(jinja2.Environment):
    """Jinja's environment with the loader of an application.

    :param app: The application.
    :param options: As of :class:`jinja2.Environment`. Default of ``loader``: :meth:`App.create_global_jinja_loader`.
    """

    def __init__(self, app: App, **options: t.Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app


def file_system_loader(path: str) -> jinja2.FileSystemLoader:
    """The loader of one template folder.

    :param path: The folder, absolute. It need not exist.
    """
    return jinja2.FileSystemLoader(path)


def make_environment(app: App) -> Environment:
    """The environment of an application, with the names that every template knows.

    :param app: The application. ``jinja_environment`` is the class, ``jinja_options`` its options; templates are read
        anew as ``TEMPLATES_AUTO_RELOAD`` says.
    """
    options: dict[str, object] = dict(app.jinja_options)
    options.setdefault("autoescape", app.select_jinja_autoescape)
    if "auto_reload" not in options:
        auto_reload = app.config["TEMPLATES_AUTO_RELOAD"]
        options["auto_reload"] = app.debug if auto_reload is None else auto_reload
    cls: type[Environment] = app.jinja_environment or Environment
    env = cls(app, **options)
    # Macros of a template that is imported without context see only globals, so these are more than a default.
    env.globals.update(
        url_for=app.url_for,
        get_flashed_messages=get_flashed_messages,
        config=app.config,
        request=context.request,
        session=context.session,
        g=context.g,
    )
    # By the name, so that a provider set later counts.
    env.policies["json.dumps_function"] = lambda obj, **kwargs: app.json.dumps(obj, **kwargs)
    return env


class DispatchingJinjaLoader(jinja2.BaseLoader):
    """Looks for a template in the application's folder, then in those of its routers.

    :param app: The application.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    def get_source(self, environment: jinja2.Environment, template: str) -> TemplateSource:
        """The first source of that name.

        :param environment: Jinja's environment.
        :param template: The name of the template.
        :raises TemplateNotFound: No folder has it.
        """
        attempts: list[tuple[Scaffold, jinja2.BaseLoader, TemplateSource | None]] = []
        explain = self.app.config["EXPLAIN_TEMPLATE_LOADING"]
        found: TemplateSource | None = None
        for owner, loader in self._iter_loaders():
            try:
                source: TemplateSource | None = loader.get_source(environment, template)
            except jinja2.TemplateNotFound:
                source = None
            found = found or source
            if found is not None and not explain:
                return found
            attempts.append((owner, loader, source))
        if explain:
            self.app.logger.info(explain_loading(self.app, template, attempts))
        if found is None:
            raise jinja2.TemplateNotFound(template)
        return found

    def _iter_loaders(self) -> cabc.Iterator[tuple[Scaffold, jinja2.BaseLoader]]:
        for owner in (self.app, *self.app.iter_routers()):
            loader = owner.jinja_loader
            if loader is not None:
                yield owner, loader

    def list_templates(self) -> list[str]:
        """The names of all templates, each once, sorted."""
        return sorted({name for _, loader in self._iter_loaders() for name in loader.list_templates()})


def explain_loading(
    app: App, template: str, attempts: cabc.Sequence[tuple[Scaffold, jinja2.BaseLoader, TemplateSource | None]]
) -> str:
    """Several lines on where a template was looked for and found.

    :param app: The application.
    :param template: The name of the template.
    :param attempts: Who owns each folder, its loader, and what that gave.
    """
    lines = [f"Locating template {template!r}:"]
    count = 0
    for number, (owner, loader, source) in enumerate(attempts, 1):
        kind = "application" if owner is app else "router"
        where = repr(owner.name) if owner is app else f"{owner.name!r} ({owner.import_name})"
        lines.append(f"{number:5}: trying loader of {kind} {where}")
        lines.append(f"       class: {type(loader).__module__}.{type(loader).__name__}")
        for name, value in sorted(vars(loader).items()):
            if name.startswith("_"):
                continue
            if isinstance(value, list) and all(isinstance(item, str) for item in value):
                lines.append(f"       {name}:")
                lines.extend(f"         - {item}" for item in value)
            elif isinstance(value, (str, int, float, bool)):
                lines.append(f"       {name}: {value!r}")
        if source is None:
            lines.append("       -> no match")
        else:
            count += 1
            lines.append(f"       -> found ({source[1] or '<string>'})")
    if count == 0:
        lines.append("Error: the template could not be found.")
    elif count > 1:
        lines.append("Warning: several loaders have a template of this name; the first one counts.")
    ctx = context.request_context_or_none()
    router = None if ctx is None else ctx.request.router
    if count != 1 and router is not None:
        lines.append(
            f"  The template was looked up from an endpoint that belongs to the router {router!r}."
            " Perhaps it is not in the folder that the router calls its template folder."
        )
    return "\n".join(lines)


def _render(app: App, template: jinja2.Template, values: dict[str, object]) -> str:
    app.update_template_context(values)
    signals.before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=values)
    text = template.render(values)
    signals.template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=values)
    return text


def _stream(app: App, template: jinja2.Template, values: dict[str, object]) -> cabc.Iterator[str]:
    app.update_template_context(values)
    signals.before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=values)

    def generate() -> cabc.Iterator[str]:
        yield from template.generate(values)
        signals.template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=values)

    return stream_with_context(generate()) if context.has_request_context() else generate()


def render_template(template_name_or_list: TemplateNames, **context_values: object) -> str:
    """Render a template.

    :param template_name_or_list: Its name, or several: the first that exists.
    :param context_values: The names of the template, in addition to the context processors' values.
    :raises TemplateNotFound: There is none.
    """
    app = context.current().app
    return _render(app, app.jinja_env.get_or_select_template(template_name_or_list), context_values)


def render_template_string(source: str, **context_values: object) -> str:
    """Render a template from its source. HTML is escaped.

    :param source: The source. Never from a client: a template can do what Python can.
    :param context_values: As of :func:`render_template`.
    """
    app = context.current().app
    return _render(app, app.jinja_env.from_string(source), context_values)


def stream_template(template_name_or_list: TemplateNames, **context_values: object) -> cabc.Iterator[str]:
    """Render a template piece by piece; return the iterator from a view.

    :param template_name_or_list: As of :func:`render_template`.
    :param context_values: As of :func:`render_template`.
    """
    app = context.current().app
    return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context_values)


def stream_template_string(source: str, **context_values: object) -> cabc.Iterator[str]:
    """Render a template from its source, piece by piece; return the iterator from a view.

    :param source: As of :func:`render_template_string`.
    :param context_values: As of :func:`render_template`.
    """
    app = context.current().app
    return _stream(app, app.jinja_env.from_string(source), context_values)
