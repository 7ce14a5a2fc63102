"""The notices."""

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask.views import MethodView

from .members import login_required
from .store import get_db, query

bp = Blueprint("board", __name__, url_prefix="/board")


@bp.route("/")
@bp.route("/<month:month>/")
def index(month=None):
    rows = query("select n.*, m.name from notice n join member m on m.id = n.author order by n.id desc")
    if month is not None:
        rows = [row for row in rows if row["month"] == "{:04d}-{:02d}".format(*month)]
    return render_template("board.html", notices=rows, month=month)


@bp.route("/export.csv")
def export():
    @stream_with_context
    def lines():
        yield "title,author\n"
        for row in query("select n.title, m.name from notice n join member m on m.id = n.author"):
            yield f"{row['title']},{row['name']} {request.args.get('mark', '')}\n"

    return Response(lines(), mimetype="text/csv")


class NoticeView(MethodView):
    decorators = [login_required]
    init_every_request = False

    def get(self, notice_id):
        notice = query("select * from notice where id = ?", notice_id, one=True)
        if notice is None:
            abort(404, f"No notice {notice_id}.")
        return render_template("notice.html", notice=notice)

    def post(self, notice_id):
        if request.form.get("action") == "delete":
            get_db().execute("delete from notice where id = ? and author = ?", (notice_id, g.member["id"]))
            flash("Deleted.")
        return redirect(url_for(".index"))


bp.add_url_rule("/<int:notice_id>", view_func=NoticeView.as_view("notice"))


@bp.post("/")
@login_required
def add():
    title = request.form["title"]
    values = (g.member["id"], title, request.form.get("body", ""), request.form.get("month", "2024-05"))
    get_db().execute("insert into notice (author, title, body, month) values (?, ?, ?, ?)", values)
    flash("Noted: " + title, "notice")
    return redirect(url_for(".index"))


@bp.errorhandler(404)
def no_notice(error):
    return render_template("error.html", error=error, hint="Look at the board."), 404
