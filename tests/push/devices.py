"""Devices by other people's code (http_ece decrypts, py_vapid verifies), and the push service that reaches them."""
import base64, collections, http.server, json, os, ssl, threading, time

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02


class Service(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent; where it hangs it answers nothing, and notes how long it was waited for."""

    protocol_version = "HTTP/1.1"
    sent, hangs, waited = collections.defaultdict(list), set(), {}

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.sent[self.path].append((self.headers, body))
        if self.path in self.hangs:
            began = time.monotonic()
            try:
                self.rfile.read(1)
            except OSError:
                pass
            self.waited[self.path] = time.monotonic() - began
            self.close_connection = True
            return
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def serve(cert, key, port=0):
    """Starts the service; its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Service)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sound(authorization):
    try:
        return Vapid02.verify(authorization)
    except Exception:
        return False


class Device:
    """One that has keys of its own."""

    def __init__(self, name, origin):
        self.name, self.origin = name, origin
        self.private, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)

    def subscription(self):
        """What it says of itself."""
        point = self.private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        keys = {"p256dh": url64(point), "auth": url64(self.auth)}
        return {"device_id": self.name, "endpoint": f"{self.origin}/{self.name}", "keys": keys}

    def sent(self):
        """How much it was sent."""
        return len(Service.sent[f"/{self.name}"])

    def read(self, key, contact):
        """Decrypts the last that it was sent, and verifies who sent it."""
        fields, body = Service.sent[f"/{self.name}"][-1]
        assert len(body) <= 86 + 1024 + 16 and (len(body) - 86 - 16) % 128 == 0, len(body)
        message = json.loads(http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm"))
        authorization = fields["Authorization"]
        assert Vapid02.verify(authorization), authorization
        token = authorization.split("t=")[1].split(",")[0]
        spoilt = token[:-8] + ("A" * 8 if token[-8:] != "A" * 8 else "B" * 8)
        assert not sound(authorization.replace(token, spoilt)), "a token that is not signed"
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["aud"] == self.origin and claims["sub"] == contact, claims
        assert 0 < claims["exp"] - time.time() <= 24 * 3600, claims
        assert authorization.split("k=")[1] == key
        return message
