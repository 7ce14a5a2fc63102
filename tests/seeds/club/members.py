"""Who is who: registration, login, logout."""

import functools
import sqlite3

import click
from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from werkzeug.security import check_password_hash, generate_password_hash

from .store import get_db, query

bp = Blueprint("members", __name__, url_prefix="/members", cli_group="members")


def login_required(view):
    @functools.wraps(view)
    def wrapped(*args, **kwargs):
        if g.member is None:
            return redirect(url_for("members.login", next=request.full_path.rstrip("?")))
        return view(*args, **kwargs)

    return wrapped


@bp.before_app_request
def load_member():
    number = session.get("member_id")
    g.member = query("select * from member where id = ?", number, one=True) if number is not None else None


@bp.app_template_global()
def greeting():
    return f"Hello, {g.member['name']}" if g.member else "Hello, guest"


@bp.route("/register", methods=("GET", "POST"))
def register():
    if request.method == "POST":
        name, password = request.form["name"], request.form["password"]
        if not name.strip():
            flash("A name is needed.", "error")
        else:
            try:
                hashed = generate_password_hash(password, method="pbkdf2:sha256:1")
                get_db().execute("insert into member (name, password) values (?, ?)", (name, hashed))
            except sqlite3.IntegrityError:
                flash(f"{name} is a member already.", "error")
            else:
                flash(f"Welcome, {name}.")
                return redirect(url_for(".login"))
    return render_template("members/form.html", title="Register")


@bp.route("/login", methods=("GET", "POST"))
def login():
    if request.method == "POST":
        member = query("select * from member where name = ?", request.form["name"], one=True)
        if member is None or not check_password_hash(member["password"], request.form["password"]):
            flash("Wrong name or password.", "error")
        else:
            session.clear()
            session["member_id"] = member["id"]
            return redirect(request.args.get("next") or url_for("index"))
    return render_template("members/form.html", title="Log in")


@bp.route("/logout")
def logout():
    session.clear()
    return redirect(url_for("index"))


@bp.cli.command("add")
@click.argument("name")
@click.option("--password", default="secret", show_default=True)
def add_command(name, password):
    """Add a member."""
    hashed = generate_password_hash(password, method="pbkdf2:sha256:1")
    get_db().execute("insert into member (name, password) values (?, ?)", (name, hashed))
    click.echo(f"Added {name}.")
