"""What a Python backend needs of a hub, with nothing but the standard library."""

import base64
import hashlib
import hmac
import json
import time
import urllib.parse
import urllib.request
import uuid


class Hub:
    """A hub that shares a secret with this backend: the backend makes the access tokens, the hub checks them."""

    def __init__(self, url, issuer, secret):
        """`issuer` and `secret` (32 bytes or more) are those that the hub was started with: `--issuer`, `--jwt-key`."""
        self.url = url
        self.issuer = issuer
        self._secret = secret.encode()

    def token(self, subject, publish=(), subscribe=(), lifetime_seconds=300):
        """Makes an access token (RFC 9068, HS256). `publish` and `subscribe` are topics, each meant exactly; `*` is every topic."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.url,
            "sub": subject,
            "client_id": self.issuer,
            "iat": now,
            "exp": now + lifetime_seconds,
            "jti": uuid.uuid4().urn,
            "authorization_details": [
                {
                    "type": "https://mercure.rocks/authorization-detail",
                    "actions": [action],
                    "topics": [{"match": topic} for topic in topics],
                }
                for action, topics in (("publish", publish), ("subscribe", subscribe))
                if topics
            ],
        }
        signed = f"{_encode({'alg': 'HS256', 'typ': 'at+jwt'})}.{_encode(claims)}"
        signature = hmac.digest(self._secret, signed.encode(), hashlib.sha256)
        return f"{signed}.{_base64url(signature)}"

    def publish(self, *topics, data, private=False):
        """Publishes an update and returns its event id. What the hub refuses raises `urllib.error.HTTPError`."""
        form = [("topic", topic) for topic in topics] + [("data", data)] + ([("private", "on")] if private else [])
        # A token of its own for each update allows that update and nothing else, for a minute.
        token = self.token(self.issuer, publish=topics, lifetime_seconds=60)
        request = urllib.request.Request(self.url, urllib.parse.urlencode(form).encode(), {"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read().decode()


def _encode(value):
    return _base64url(json.dumps(value).encode())


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
