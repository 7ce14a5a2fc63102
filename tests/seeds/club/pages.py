"""Pages in several languages: the language is in the address of each and in no view's arguments."""

from flask import Blueprint, abort, current_app, g, render_template_string, url_for

bp = Blueprint("pages", __name__, url_prefix="/<lang_code>")
TEXTS = {"en": {"about": "About us"}, "de": {"about": "Ueber uns"}}


@bp.url_defaults
def add_language_code(endpoint, values):
    if "lang_code" in g:
        values.setdefault("lang_code", g.lang_code)


@bp.url_value_preprocessor
def pull_lang_code(endpoint, values):
    g.lang_code = values.pop("lang_code")


@bp.before_request
def check_language():
    if g.lang_code not in TEXTS:
        abort(404)


@bp.route("/about")
def about():
    text = "{{ text }} of {{ club_name|shout }} at {{ url_for('.about') }} and {{ url_for('.about', lang_code='de') }}"
    return render_template_string(text, text=TEXTS[g.lang_code]["about"])


@bp.route("/help")
def help():
    return {"manual": url_for("docs.manual"), "rules": len(list(current_app.url_map.iter_rules()))}
