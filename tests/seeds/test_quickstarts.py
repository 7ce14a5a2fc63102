"""What the quickstarts of Flask's three generations (0.x, 1.x, 3.x) show, with the renaming alone.

Left out is what later releases removed: ``flask -a``, ``escape`` and ``Markup`` as names of the package (they are
markupsafe's), ``werkzeug.secure_filename`` (``werkzeug.utils`` has it) and ``werkzeug.contrib``.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import uuid

import pytest

from tests.seeds.renaming import renamed


def test_a_minimal_application(program):
    """0.x, 1.x, 3.x: a name, a route, a function that returns text; the text is HTML."""
    app = program("""
        from flask import Flask

        app = Flask(__name__)

        @app.route('/')
        def hello_world():
            return '<p>Hello, World!</p>'
    """).app
    answer = app.test_client().get("/")

    assert (answer.status_code, answer.text) == (200, "<p>Hello, World!</p>")
    assert answer.content_type == "text/html; charset=utf-8"
    assert app.name == "application"


@pytest.mark.parametrize("words", [["-m", "framework"], ["-c", "from framework.cli import main; main()"]])
@pytest.mark.parametrize("by_option", [True, False])
def test_the_command_finds_the_application(tmp_path, words, by_option):
    """1.x by FLASK_APP, 3.x by --app: the command and ``python -m`` load ``hello.py``."""
    program = "from flask import Flask\napp = Flask(__name__)\n@app.route('/')\ndef hello(): return 'Hello'\n"
    (tmp_path / "hello.py").write_text(renamed(program))
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    options = ["--app", "hello"] if by_option else []
    if not by_option:
        environ[renamed("FLASK_APP")] = "hello"
    done = subprocess.run(
        [sys.executable, *words, *options, "routes"], cwd=tmp_path, env=environ, capture_output=True, text=True
    )

    assert "hello" in done.stdout, done.stderr


def test_user_input_is_escaped(program):
    """3.x: ``markupsafe.escape`` makes text of what could be a script."""
    app = program("""
        from flask import Flask
        from markupsafe import escape

        app = Flask(__name__)

        @app.route("/<name>")
        def hello(name):
            return f"Hello, {escape(name)}!"
    """).app

    assert app.test_client().get("/<b>you").text == "Hello, &lt;b&gt;you!"


def test_variable_rules(program):
    """0.x to 3.x: parts of a path are arguments, by converters; what does not convert is not found."""
    client = program("""
        from flask import Flask
        app = Flask(__name__)

        @app.route('/hello')
        def hello():
            return 'Hello, World'

        @app.route('/user/<username>')
        def show_user_profile(username):
            return 'User %s' % username

        @app.route('/post/<int:post_id>')
        def show_post(post_id):
            return 'Post %d' % post_id

        @app.route('/price/<float:price>')
        def show_price(price):
            return repr(price)

        @app.route('/path/<path:subpath>')
        def show_subpath(subpath):
            return f'Subpath {subpath}'

        @app.route('/id/<uuid:number>')
        def show_id(number):
            return number.hex
    """).app.test_client()
    number = uuid.uuid4()
    shown = {
        "/hello": "Hello, World",
        "/user/John Doe": "User John Doe",
        "/post/23": "Post 23",
        "/price/1.5": "1.5",
        "/path/a/b/c": "Subpath a/b/c",
        f"/id/{number}": number.hex,
    }

    assert {path: client.get(path).text for path in shown} == shown
    for path in ("/user/a/b", "/post/x", "/post/-1", "/price/1", "/id/23"):
        assert client.get(path).status_code == 404


def test_unique_urls(program):
    """0.x to 3.x: a rule with a slash redirects to itself; one without a slash refuses it."""
    client = program("""
        from flask import Flask
        app = Flask(__name__)

        @app.route('/projects/')
        def projects():
            return 'The project page'

        @app.route('/about')
        def about():
            return 'The about page'
    """).app.test_client()
    answer = client.get("/projects?page=2")

    assert (answer.status_code, answer.location) == (308, "http://localhost/projects/?page=2")
    assert client.get("/projects", follow_redirects=True).text == "The project page"
    assert client.get("/about").text == "The about page"
    assert client.get("/about/").status_code == 404


def test_url_building(program, capsys):
    """0.x to 3.x: ``url_for`` fills in variables, appends unknown ones as a query, and escapes."""
    program("""
        from flask import Flask, url_for
        app = Flask(__name__)

        @app.route('/')
        def index():
            pass

        @app.route('/login')
        def login():
            pass

        @app.route('/user/<username>')
        def profile(username):
            pass

        with app.test_request_context():
            for url in (url_for('index'), url_for('login'), url_for('login', next='/'),
                        url_for('profile', username='John Doe'),
                        url_for('static', filename='style.css')):
                import sys
                sys.stdout.write(url + ' ')
    """)

    assert capsys.readouterr().out == "/ /login /login?next=/ /user/John%20Doe /static/style.css "


def test_urls_below_a_prefix(program):
    """0.x to 3.x: an application that is mounted below the root builds URLs with its prefix."""
    app = program("""
        from flask import Flask, url_for
        app = Flask(__name__)

        @app.route('/here')
        def here():
            return url_for('here')
    """).app

    assert app.test_client().get("/here", base_url="http://localhost/myapplication").text == "/myapplication/here"


def test_methods(program):
    """0.x to 3.x: GET alone by default; ``methods`` for more; HEAD and OPTIONS by themselves; 3.x: ``app.post``."""
    client = program("""
        from flask import Flask, request
        app = Flask(__name__)

        @app.route('/only')
        def only():
            return 'only'

        @app.route('/login', methods=['GET', 'POST'])
        def login():
            if request.method == 'POST':
                return 'did'
            else:
                return 'form'

        @app.get('/split')
        def split_get():
            return 'form'

        @app.post('/split')
        def split_post():
            return 'did'
    """).app.test_client()

    assert client.post("/only").status_code == 405
    for path in ("/login", "/split"):
        assert (client.get(path).text, client.post(path).text) == ("form", "did")
        assert set(client.options(path).allow) == {"GET", "HEAD", "OPTIONS", "POST"}
        head = client.head(path)
        assert (head.status_code, head.content_length, head.data) == (200, 4, b"")


TEMPLATE = """<!doctype html>
<title>Hello</title>
{% if name %}<h1>Hello {{ name }}!</h1>{% else %}<h1>Hello, World!</h1>{% endif %}
<p>{{ request.path }} {{ session.get('seen') }} {{ g.colour }} {{ config.COLOUR }} {{ url_for('hello') }}
{{ get_flashed_messages() }}</p>
"""


def test_templates(program):
    """0.x to 3.x: files of ``templates``, with request, session, g, config and helpers at hand, and escaping."""
    module = program(
        """
        from flask import Flask, g, render_template
        from markupsafe import Markup
        app = Flask(__name__)
        app.config.update(COLOUR='red', SECRET_KEY='test key')

        @app.route('/hello/')
        @app.route('/hello/<name>')
        def hello(name=None):
            g.colour = 'blue'
            return render_template('hello.html', name=name)

        @app.route('/safe')
        def safe():
            return render_template('hello.html', name=Markup('<em>you</em>'))
        """,
        {"templates/hello.html": TEMPLATE},
    )
    client = module.app.test_client()

    assert "Hello, World!" in client.get("/hello/").text
    assert "<h1>Hello &lt;i&gt;!</h1>" in client.get("/hello/<i>").text
    assert "<p>/hello/x None blue red /hello/\n[]</p>" in client.get("/hello/x").text
    assert "<em>you</em>" in client.get("/safe").text


def test_markup():
    """0.x to 3.x: what ``Markup`` is said to do."""
    from markupsafe import Markup

    assert Markup("<b>%s</b>") % "<i>" == Markup("<b>&lt;i&gt;</b>")
    assert Markup.escape("<i>") == Markup("&lt;i&gt;")
    assert Markup("<em>Marked up</em> &raquo; HTML").striptags() == "Marked up » HTML"


def test_static_files(program):
    """0.x to 3.x: the folder ``static`` is served."""
    app = program("from flask import Flask\napp = Flask(__name__)\n", {"static/style.css": "body { margin: 0 }\n"}).app
    with app.test_client().get("/static/style.css") as answer:
        body = answer.data

    assert (answer.status_code, answer.mimetype, body) == (200, "text/css", b"body { margin: 0 }\n")
    assert app.test_client().get("/static/../application.py").status_code == 404


def test_context_locals(program):
    """0.x to 3.x: a request made for a test, or from a whole environment, is the current one in a ``with`` block."""
    module = program("from flask import Flask, request\napp = Flask(__name__)\n")
    request, app = module.request, module.app
    with app.test_request_context("/hello", method="POST"):
        assert (request.path, request.method) == ("/hello", "POST")
        environ = request.environ

    with app.request_context(environ):
        assert request.method == "POST"
    with pytest.raises(RuntimeError, match="outside of request context"):
        request.method


def test_form_and_query(program):
    """0.x to 3.x: ``request.form`` and ``request.args``; a missing key is a KeyError and, uncaught, a 400."""
    client = program("""
        from flask import Flask, render_template_string, request
        app = Flask(__name__)

        def valid_login(name, password):
            return name == password

        @app.route('/login', methods=['POST', 'GET'])
        def login():
            error = None
            if request.method == 'POST':
                if valid_login(request.form['username'],
                               request.form['password']):
                    return 'in as ' + request.form['username']
                else:
                    error = 'Invalid username/password'
            return render_template_string('{{ error }}', error=error)

        @app.route('/search')
        def search():
            try:
                return request.args['key'] + request.args.get('more', '')
            except KeyError:
                return 'no key'
    """).app.test_client()

    assert client.get("/login").text == "None"
    assert client.post("/login", data={"username": "a", "password": "a"}).text == "in as a"
    assert client.post("/login", data={"username": "a", "password": "b"}).text == "Invalid username/password"
    assert client.post("/login", data={"username": "a"}).status_code == 400
    assert client.get("/search?key=a&more=b").text == "ab"
    assert client.get("/search").text == "no key"


def test_uploads(program, tmp_path):
    """0.x to 3.x: ``request.files``, ``save``, and a name that is made safe before it is used."""
    client = program(f"""
        from flask import Flask, request
        from werkzeug.utils import secure_filename
        app = Flask(__name__)

        @app.route('/upload', methods=['GET', 'POST'])
        def upload_file():
            if request.method == 'POST':
                f = request.files['the_file']
                f.save({str(tmp_path)!r} + '/' + secure_filename(f.filename))
                return f.filename
            return 'form'
    """).app.test_client()
    answer = client.post("/upload", data={"the_file": (io.BytesIO(b"text"), "../../up load.txt")})

    assert answer.text == "../../up load.txt"
    assert (tmp_path / "up_load.txt").read_bytes() == b"text"
    assert client.post("/upload").status_code == 400


def test_cookies(program):
    """0.x to 3.x: cookies are read from the request and set on a response."""
    client = program("""
        from flask import Flask, make_response, render_template_string, request
        app = Flask(__name__)

        @app.route('/')
        def index():
            return str(request.cookies.get('username'))

        @app.route('/set')
        def store():
            resp = make_response(render_template_string('stored'))
            resp.set_cookie('username', 'the username')
            return resp
    """).app.test_client()

    assert client.get("/").text == "None"
    assert client.get("/set").text == "stored"
    assert client.get("/").text == "the username"


def test_redirects_and_errors(program):
    """0.x to 3.x: ``redirect``, ``abort``, and an error page of one's own with its status."""
    client = program(
        """
        from flask import Flask, abort, make_response, redirect, render_template, url_for
        app = Flask(__name__)

        @app.route('/')
        def index():
            return redirect(url_for('login'))

        @app.route('/login')
        def login():
            abort(401)
            this_is_never_executed()

        @app.errorhandler(404)
        def page_not_found(error):
            resp = make_response(render_template('page_not_found.html'), 404)
            resp.headers['X-Something'] = 'A value'
            return resp
        """,
        {"templates/page_not_found.html": "Nothing at {{ request.path }}"},
    ).app.test_client()
    missing = client.get("/nowhere")

    assert (client.get("/").status_code, client.get("/").location) == (302, "/login")
    assert client.get("/login").status_code == 401
    assert (missing.status_code, missing.text) == (404, "Nothing at /nowhere")
    assert missing.headers["X-Something"] == "A value"


def test_return_values(program):
    """0.x to 3.x: text, a response, tuples with status and headers, an iterator, a WSGI application; 1.x, 3.x: JSON."""
    client = program("""
        from flask import Flask, Response, jsonify, make_response
        app = Flask(__name__)
        values = {
            'text': lambda: 'text',
            'bytes': lambda: b'bytes',
            'response': lambda: Response('response'),
            'status': lambda: ('', 201),
            'headers': lambda: ('headers', {'X-A': '1'}),
            'all': lambda: ('all', 202, [('X-A', '1'), ('X-B', '2')]),
            'words': lambda: ('words', '203 FINE'),
            'dict': lambda: {'a': 1},
            'list': lambda: [{'a': 1}],
            'dict_status': lambda: ({'a': 1}, 201),
            'jsonify': lambda: jsonify(a=1),
            'generator': lambda: (part for part in ('a', 'b')),
            'made': lambda: make_response(({'a': 1}, 202)),
        }

        @app.route('/wsgi')
        def wsgi():
            def application(environ, start_response):
                start_response('418 TEAPOT', [('X-Path', environ['PATH_INFO'])])
                return [b'tea']
            return application

        @app.route('/none')
        def none():
            pass

        for name, function in values.items():
            app.add_url_rule('/' + name, name, function)
    """).app.test_client()

    def short(path):
        answer = client.get(path)
        return answer.status, answer.text.strip(), answer.mimetype

    assert short("/text") == ("200 OK", "text", "text/html")
    assert short("/bytes") == ("200 OK", "bytes", "text/html")
    assert short("/response") == ("200 OK", "response", "text/html")
    assert short("/status") == ("201 CREATED", "", "text/html")
    assert client.get("/headers").headers["X-A"] == "1"
    assert (client.get("/all").status_code, client.get("/all").headers["X-B"]) == (202, "2")
    assert short("/words") == ("203 FINE", "words", "text/html")
    assert short("/dict") == ("200 OK", '{"a":1}', "application/json")
    assert short("/list") == ("200 OK", '[{"a":1}]', "application/json")
    assert short("/dict_status") == ("201 CREATED", '{"a":1}', "application/json")
    assert short("/jsonify") == ("200 OK", '{"a":1}', "application/json")
    assert short("/generator") == ("200 OK", "ab", "text/html")
    assert short("/made") == ("202 ACCEPTED", '{"a":1}', "application/json")
    assert short("/wsgi")[:2] == ("418 TEAPOT", "tea")
    assert client.get("/none").status_code == 500


def test_sessions(program):
    """0.x to 3.x: a secret key, a name kept in a signed cookie, and forgotten at logout."""
    client = program("""
        from flask import Flask, redirect, request, session, url_for
        app = Flask(__name__)
        app.secret_key = b'a key for tests'

        @app.route('/')
        def index():
            if 'username' in session:
                return f'Logged in as {session["username"]}'
            return 'You are not logged in'

        @app.route('/login', methods=['GET', 'POST'])
        def login():
            if request.method == 'POST':
                session['username'] = request.form['username']
                return redirect(url_for('index'))
            return '<form method="post"><input name=username></form>'

        @app.route('/logout')
        def logout():
            session.pop('username', None)
            return redirect(url_for('index'))
    """).app.test_client()

    assert client.get("/").text == "You are not logged in"
    assert client.post("/login", data={"username": "you"}, follow_redirects=True).text == "Logged in as you"
    assert client.get("/").text == "Logged in as you"
    assert client.get("/logout", follow_redirects=True).text == "You are not logged in"


def test_flashing(program):
    """0.x to 3.x: a message is shown by the next request, and only by that one."""
    client = program("""
        from flask import Flask, flash, redirect, render_template_string, url_for
        app = Flask(__name__)
        app.secret_key = 'a key for tests'

        @app.route('/')
        def index():
            return render_template_string('{% for message in get_flashed_messages() %}{{ message }}{% endfor %}')

        @app.route('/do')
        def do():
            flash('Done.')
            return redirect(url_for('index'))
    """).app.test_client()

    assert client.get("/do", follow_redirects=True).text == "Done."
    assert client.get("/").text == ""


def test_logging(program, caplog):
    """0.x to 3.x: ``app.logger`` is a standard logger."""
    app = program("from flask import Flask\napp = Flask(__name__)\n").app
    app.logger.warning("A warning occurred (%d apples)", 42)
    app.logger.error("An error occurred")

    assert [record.getMessage() for record in caplog.records] == [
        "A warning occurred (42 apples)",
        "An error occurred",
    ]


def test_middleware(program):
    """1.x, 3.x: a middleware around ``wsgi_app``; ``app`` stays the application."""
    app = program("""
        from flask import Flask, request
        from werkzeug.middleware.proxy_fix import ProxyFix
        app = Flask(__name__)
        app.wsgi_app = ProxyFix(app.wsgi_app)

        @app.route('/')
        def index():
            return f'{request.scheme} {request.remote_addr}'
    """).app
    headers = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}

    assert app.test_client().get("/", headers=headers).text == "https 192.0.2.1"


def test_json_of_objects(program):
    """1.x, 3.x: dicts and lists of plain values are JSON, links included."""
    client = program("""
        from flask import Flask, url_for
        app = Flask(__name__)

        @app.route('/image/<filename>')
        def user_image(filename):
            return filename

        @app.route("/me")
        def me_api():
            return {"username": "you", "image": url_for("user_image", filename="you.png")}

        @app.route("/users")
        def users_api():
            return [{"username": name} for name in ("a", "b")]
    """).app.test_client()

    assert client.get("/me").json == {"username": "you", "image": "/image/you.png"}
    assert client.get("/users").json == [{"username": "a"}, {"username": "b"}]
