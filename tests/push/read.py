"""Devices and their push service, by other people's code: each device subscribes, decrypts the message that verifies it (http_ece),
looks whether the token with it is sound (py_vapid), and answers with the code. The program is started as a CGI program for each
request, and the courier by hand."""
import base64, collections, http.server, json, os, pathlib, ssl, subprocess, sys, threading, time

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

programs, work = map(pathlib.Path, sys.argv[1:])
USERS, DEVICES = 10, 10
PASSWORD = "correct horse battery 9"
CONTACT = "mailto:ops@example.org"


class Service(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    protocol_version = "HTTP/1.1"
    sent = collections.defaultdict(list)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.sent[self.path].append((self.headers, body))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(work / "cert.pem", work / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


port = serve()
settings = {
    "HOME": str(work),
    "TANDEM_DATA": str(work / "data"),
    "TANDEM_PUSH_CONTACT": CONTACT,
    "TANDEM_PUSH_PORTS": str(port),
    "TANDEM_PUSH_PRIVATE": "localhost",
    "TANDEM_PUSH_CA": str(work / "cert.pem"),
    "TANDEM_PUSH_COURIER": "cron",
}


def call(method, path, body=None, token=None):
    """One request; the status, and what is answered."""
    content = b"" if body is None else json.dumps(body).encode()
    request = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": method, "REQUEST_URI": f"/api{path}",
        "SCRIPT_NAME": "/api", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "QUERY_STRING": "",
    }
    if body is not None:
        request |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(content))}
    if token:
        request["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    answer = subprocess.run([programs / "api"], input=content, env=settings | request, capture_output=True, check=True).stdout
    head, _, rest = answer.partition(b"\r\n\r\n")
    lines = [line.split(":", 1) for line in head.decode().split("\r\n") if line.lower().startswith("status:")]
    return int(lines[0][1].split()[0]) if lines else 200, json.loads(rest) if rest else None


def expect(status, answered):
    assert answered[0] == status, answered
    return answered[1]


class Device:
    """One that has keys of its own."""

    def __init__(self, user, number):
        self.name = f"{user}-{number}"
        self.private, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        device = {"device_id": self.name}
        signed_in = expect(200, call("POST", "/auth/login/", {"username": user, "password": PASSWORD, "device": device}))
        self.token = signed_in["access"]
        point = self.private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        keys = {"p256dh": url64(point), "auth": url64(self.auth)}
        body = device | {"endpoint": f"https://localhost:{port}/{self.name}", "keys": keys}
        self.id = expect(201, call("POST", "/push/subscriptions/", body, self.token))["id"]

    def read(self, key):
        """Decrypts what it was sent, and verifies who sent it."""
        ((fields, body),) = Service.sent[f"/{self.name}"]
        assert len(body) <= 86 + 1024 + 16 and (len(body) - 86 - 16) % 128 == 0, len(body)
        message = json.loads(http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm"))
        authorization = fields["Authorization"]
        assert Vapid02.verify(authorization), authorization
        token = authorization.split("t=")[1].split(",")[0]
        spoilt = token[:-8] + ("A" * 8 if token[-8:] != "A" * 8 else "B" * 8)
        assert not sound(authorization.replace(token, spoilt)), "a token that is not signed"
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["aud"] == f"https://localhost:{port}" and claims["sub"] == CONTACT, claims
        assert 0 < claims["exp"] - time.time() <= 24 * 3600, claims
        assert authorization.split("k=")[1] == key
        return message


def sound(authorization):
    try:
        return Vapid02.verify(authorization)
    except Exception:
        return False


devices = []
for number in range(USERS):
    user = f"user{number}"
    token = expect(201, call("POST", "/auth/register/", {"username": user, "password": PASSWORD}))["access"]
    key = expect(200, call("GET", "/push/", token=token))["application_server_key"]
    devices += [Device(user, number) for number in range(DEVICES)]
for _ in range(5):
    subprocess.run([programs / "tandem", "courier"], env=settings, check=True)
    if len(Service.sent) == len(devices):
        break
for device in devices:
    message = device.read(key)
    assert (message["type"], message["subscription"]) == ("verify", device.id), message
    answer = expect(200, call("POST", f"/push/subscriptions/{device.id}/verify/", {"code": message["code"]}, device.token))
    assert answer["state"] == "active", answer
print(f"ok      {len(devices)} messages decrypted by http_ece, their tokens verified by py_vapid, their codes taken")
