"""The application of the rules for bad input, for real ASGI servers: with little patience for bodies."""

from __future__ import annotations

from tests.test_bad_input import make_app

app = make_app()
app.config.update(ASGI_PART_TIMEOUT=1, ASGI_BODY_TIMEOUT=3, ASGI_THREADS=4)


@app.get("/alive")
def alive():
    return {"alive": True}


asgi = app.asgi
