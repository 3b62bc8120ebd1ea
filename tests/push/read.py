"""Devices and their push service, by other people's code: each device subscribes, decrypts the message that verifies it (http_ece),
looks whether the token with it is sound (py_vapid), and answers with the code. The program is started as a CGI program for each
request, and the courier by hand."""
import json, os, pathlib, subprocess, sys

from devices import Device, Service, serve

programs, work = map(pathlib.Path, sys.argv[1:])
USERS, DEVICES = 10, 10
PASSWORD = "correct horse battery 9"
CONTACT = "mailto:ops@example.org"


port = serve(work / "cert.pem", work / "key.pem")
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


def subscribe(user, name):
    """A device of somebody, signed in on it; its subscription's id, and the token."""
    device = Device(name, f"https://localhost:{port}")
    signed_in = expect(200, call("POST", "/auth/login/", {"username": user, "password": PASSWORD, "device": {"device_id": name}}))
    device.token = signed_in["access"]
    device.id = expect(201, call("POST", "/push/subscriptions/", device.subscription(), device.token))["id"]
    return device


devices = []
for number in range(USERS):
    user = f"user{number}"
    token = expect(201, call("POST", "/auth/register/", {"username": user, "password": PASSWORD}))["access"]
    key = expect(200, call("GET", "/push/", token=token))["application_server_key"]
    devices += [subscribe(user, f"{user}-{number}") for number in range(DEVICES)]
for _ in range(5):
    subprocess.run([programs / "tandem", "courier"], env=settings, check=True)
    if len(Service.sent) == len(devices):
        break
for device in devices:
    assert device.sent() == 1, device.name
    message = device.read(key, CONTACT)
    assert (message["type"], message["subscription"]) == ("verify", device.id), message
    answer = expect(200, call("POST", f"/push/subscriptions/{device.id}/verify/", {"code": message["code"]}, device.token))
    assert answer["state"] == "active", answer
print(f"ok      {len(devices)} messages decrypted by http_ece, their tokens verified by py_vapid, their codes taken")
