"""Users and tokens."""


def test_user_logs_in(client, bob):
    """A right password is answered with a token that opens the API, and with one that renews it."""
    tokens = client.post("/login", json={"name": "bob", "password": "secret of bob"}).json

    assert client.get("/items").status_code == 401
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert client.get("/items", headers=header).status_code == 200
    assert client.post("/tokens/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 200


def test_names_and_passwords_are_not_told_apart(client, bob):
    """A wrong password and an unknown name have the same answer."""
    details = {
        client.post("/login", json={"name": name, "password": "wrong"}).json["detail"] for name in ("bob", "eve")
    }

    assert details == {"The name or the password is wrong."}


def test_commands_add_users_and_print_tokens(app, client):
    """The commands make a user, and a token that is good."""
    run = app.test_cli_runner().invoke
    assert run(args=["users", "add", "eve", "--password", "x"]).output == "Added eve.\n"
    token = run(args=["users", "token", "eve"]).output.strip()

    assert client.get("/items", headers={"Authorization": f"Bearer {token}"}).status_code == 200
