"""Pictures: uploads, kept under a safe name, served from their folder."""

import os

from flask import (
    Blueprint,
    after_this_request,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from werkzeug.utils import secure_filename

from .members import login_required

bp = Blueprint("pictures", __name__, static_folder="static", static_url_path="/assets")
ALLOWED = {"png", "jpg"}


@bp.route("/", methods=["GET", "POST"])
@login_required
def index():
    if request.method == "POST":
        picture = request.files.get("picture")
        name = secure_filename(picture.filename) if picture else ""
        if not name or name.rpartition(".")[2].lower() not in ALLOWED:
            flash("Not a picture.", "error")
            return redirect(request.url)
        picture.save(os.path.join(current_app.config["PICTURES"], name))

        @after_this_request
        def remember(response):
            response.set_cookie("last_picture", name, samesite="Strict")
            return response

        return redirect(url_for(".show", name=name))
    return render_template("pictures.html", names=sorted(os.listdir(current_app.config["PICTURES"])))


@bp.route("/<path:name>")
def show(name):
    return send_from_directory(current_app.config["PICTURES"], name, max_age=30)
