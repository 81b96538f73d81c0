# Flask: a backend that signs its own access tokens, publishes with them, and gives each visitor who signs in one for private updates.
#
#   apt-get install python3-flask (or: pip install flask)
#   export ARTESIAN_JWT_KEY=$(openssl rand -hex 32)        the secret that the hub and the backend share; the same in both terminals
#   npx artesian serve --issuer https://flask.example --jwt-alg HS256 --anonymous --cors-origin http://127.0.0.1:5000
#   python3 examples/flask/app.py
#
# Open http://127.0.0.1:5000 twice, sign in as ada in one of them, and send notes to everyone and to ada.
import os
from urllib.parse import quote, urlencode

from artesian import Hub
from flask import Flask, make_response, redirect, render_template, request, session
from werkzeug.serving import make_server

HUB_URL = os.environ.get("HUB_URL", "http://127.0.0.1:3000/.well-known/mercure")
TOKEN_SECONDS = int(os.environ.get("TOKEN_SECONDS", "300"))

hub = Hub(HUB_URL, issuer="https://flask.example", secret=os.environ["ARTESIAN_JWT_KEY"])
app = Flask(__name__, template_folder=".")
app.secret_key = os.urandom(32)
# A form on somebody else's site must not post in a visitor's name.
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"


def notes_of(name):
    return f"/users/{quote(name, safe='')}/notes"


# Cookies know no ports, so the one of 127.0.0.1:5000 goes to the hub on 127.0.0.1:3000 too; in production the two share a domain.
# Browsers keep `Secure` cookies of HTTPS alone, but for the loopback: Chromium (156 was tried) takes even one whose name begins with
# `__Secure-` over plain HTTP from 127.0.0.1 and localhost.
HUB_COOKIE = "__Secure-mercure_access_token"
# No `Max-Age`: with an old token the hub answers 401, and the page gets a new one. Without any it would answer 200, for this hub
# takes anonymous subscribers, and the private notes would be missing in silence.
HUB_COOKIE_OPTIONS = {"secure": True, "httponly": True, "samesite": "Strict", "path": "/.well-known/mercure"}


def with_hub_cookie(response):
    """Gives a visitor who is signed in the token that `EventSource`, which cannot send header fields, takes to the hub."""
    if "name" in session:
        subject = f"https://flask.example/users/{quote(session['name'], safe='')}"
        token = hub.token(subject, subscribe=[notes_of(session["name"])], lifetime_seconds=TOKEN_SECONDS)
        response.set_cookie(HUB_COOKIE, token, **HUB_COOKIE_OPTIONS)
    else:
        response.delete_cookie(HUB_COOKIE, **HUB_COOKIE_OPTIONS)
    return response


@app.get("/")
def page():
    topics = ["/notes"] + ([notes_of(session["name"])] if "name" in session else [])
    stream_url = f"{HUB_URL}?{urlencode([('match', topic) for topic in topics])}"
    return with_hub_cookie(make_response(render_template("page.html", stream_url=stream_url, name=session.get("name"))))


@app.post("/sign-in")
def sign_in():
    # Here an application asks for a password.
    session["name"] = request.form["name"]
    return redirect("/", 303)


@app.post("/hub-cookie")
def hub_cookie():
    return with_hub_cookie(make_response("", 204 if "name" in session else 401))


@app.post("/notes")
def send_note():
    to = request.form.get("to", "")
    event_id = hub.publish(notes_of(to) if to else "/notes", data=request.form["text"], private=to != "")
    return {"id": event_id}, 201


# Flask's own server is for trying things out; a WSGI server such as gunicorn runs `app` in production.
if __name__ == "__main__":
    server = make_server("127.0.0.1", int(os.environ.get("PORT", "5000")), app, threaded=True)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
