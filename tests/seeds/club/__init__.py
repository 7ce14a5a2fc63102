"""A club's notice board, written for Flask: members, notices, pictures, pages in two languages, JSON, commands."""

import os
import time

from flask import Flask, flash, g, got_request_exception, jsonify, redirect, render_template, request, session, url_for
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import BaseConverter

from . import api, board, members, pages, pictures, store


class MonthConverter(BaseConverter):
    regex = r"\d{4}-\d{2}"

    def to_python(self, value):
        year, month = value.split("-")
        return int(year), int(month)

    def to_url(self, value):
        return "{:04d}-{:02d}".format(*value)


class ClubJSONProvider(DefaultJSONProvider):
    sort_keys = False

    @staticmethod
    def default(o):
        return list(o) if isinstance(o, set) else DefaultJSONProvider.default(o)


class Club(Flask):
    json_provider_class = ClubJSONProvider

    def get_send_file_max_age(self, filename):
        return 60 if filename and filename.endswith(".css") else super().get_send_file_max_age(filename)


def create_app(test_config=None, instance_path=None):
    app = Club(__name__, instance_path=instance_path, instance_relative_config=True)
    app.config.from_mapping(
        SECRET_KEY="dev",
        DATABASE=os.path.join(app.instance_path, "club.sqlite"),
        PICTURES=os.path.join(app.instance_path, "pictures"),
        MAX_CONTENT_LENGTH=64 * 1024,
        CLUB_NAME="The Club",
    )
    app.config.from_pyfile("config.py", silent=True)
    app.config.from_prefixed_env("CLUB")
    if test_config is not None:
        app.config.from_mapping(test_config)
    os.makedirs(app.config["PICTURES"], exist_ok=True)

    app.url_map.converters["month"] = MonthConverter
    app.jinja_env.trim_blocks = True
    store.init_app(app)
    app.register_blueprint(members.bp)
    app.register_blueprint(board.bp)
    app.register_blueprint(pictures.bp, url_prefix="/pictures")
    app.register_blueprint(pages.bp)
    app.register_blueprint(pages.bp, name="mirror", url_prefix="/mirror/<lang_code>")
    app.register_blueprint(api.bp)
    app.add_url_rule("/", endpoint="index", view_func=lambda: redirect(url_for("board.index")))
    app.add_url_rule("/old-board", endpoint="old", redirect_to="/board/")

    @app.before_request
    def start():
        g.started = time.monotonic()
        session.permanent = True

    @app.after_request
    def tell_time(response):
        response.headers["X-Elapsed"] = "%.3f" % (time.monotonic() - g.started)
        return response

    @app.context_processor
    def name_of_club():
        return {"club_name": app.config["CLUB_NAME"], "is_active": lambda end: request.endpoint == end}

    @app.template_filter()
    def shout(text):
        return text.upper() + "!"

    @app.template_test("long")
    def is_long(text):
        return len(text) > 20

    @app.shell_context_processor
    def names():
        return {"db": store.get_db}

    @app.errorhandler(HTTPException)
    def http_error(error):
        return render_template("error.html", error=error), error.code

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(error):
        flash("That file is too large.", "error")
        return redirect(url_for("pictures.index"))

    @app.errorhandler(store.StoreError)
    def store_error(error):
        app.logger.warning("store: %s", error)
        return render_template("error.html", error=error), 503

    @app.route("/healthz", methods=["GET", "HEAD"])
    def healthz():
        return jsonify(ok=True, endpoints={rule.endpoint for rule in app.url_map.iter_rules("index")})

    @app.route("/fail")
    def fail():
        raise ValueError("a secret of the inside")

    app.failures = []
    got_request_exception.connect(lambda sender, exception: app.failures.append(repr(exception)), app, weak=False)

    def external(error, endpoint, values):
        if endpoint.startswith("docs."):
            return "https://docs.example/" + endpoint[5:]
        raise error

    app.url_build_error_handlers.append(external)
    return app
