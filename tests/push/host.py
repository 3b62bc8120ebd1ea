"""A site on a host, as its push service and two couples see it: a device is woken, and while the push service hangs nobody waits.

    host.py https://localhost:PORT FOLDER PORT-OF-THE-SERVICE COUPLE.json COUPLE.json

The folder holds the certificate of both, site.pem and site.key; the files are what `tandem demo --json` prints. Requests start the courier."""
import json, pathlib, ssl, sys, time, urllib.error, urllib.request

from devices import Device, Service, serve

site, work, port = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
couples = [json.loads(pathlib.Path(file).read_text()) for file in sys.argv[4:]]
CONTACT = "mailto:YOU@example.org"
# What is promised comes within this on a busy machine; a request that has nothing to wait for takes less than that.
PATIENCE, PROMPT = 40, 4
trusting = ssl.create_default_context(cafile=work / "site.pem")


class Refused(AssertionError):
    pass


def call(person, method, path, body=None):
    """One request of somebody, which must succeed; what is answered."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {person['access']}"}
    request = urllib.request.Request(f"{site}/api{path}", None if body is None else json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30, context=trusting) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        raise Refused((method, path, refused.code, refused.read())) from None


def ask(person):
    call(person, "POST", "/qna/questions/", {"text": "What made you smile today?"})


def subscribe(owner, device):
    """The subscription's id. A FastCGI process takes changed settings once the file has been left alone for two seconds."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return call(owner, "POST", "/push/subscriptions/", device.subscription())["id"]
        except Refused:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def wait_for(what, holds, meanwhile):
    """Somebody's phone polls meanwhile: whose request finds a wake-up due has the courier started."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        call(meanwhile, "GET", "/sync/changes/?since=2099-01-01")
        time.sleep(0.5)


def awake(owner, partner, name):
    """A device of somebody who has seen everything, verified; and the key that it subscribed with."""
    device = Device(name, f"https://localhost:{port}")
    seen = call(owner, "GET", "/sync/changes/")["server_time"]
    key = call(owner, "GET", "/push/")["application_server_key"]
    subscription = subscribe(owner, device)
    wait_for(f"no code for {name}", lambda: device.sent() == 1, partner)
    code = device.read(key, CONTACT)["code"]
    call(owner, "GET", f"/sync/changes/?since={seen}")
    assert call(owner, "POST", f"/push/subscriptions/{subscription}/verify/", {"code": code})["state"] == "active"
    return device, key


serve(work / "site.pem", work / "site.key", port)
(owner, partner), (other, delayed) = couples
device, key = awake(owner, partner, "woken")
hanging, _ = awake(other, delayed, "hangs")
ask(partner)
wait_for("no wake-up", lambda: device.sent() == 2, partner)
message = device.read(key, CONTACT)
assert message["type"] == "changes" and message["domains"].get("qna_questions") == 1, message
Service.hangs.add("/hangs")
ask(delayed)
wait_for("no wake-up to hang on", lambda: hanging.sent() == 2, delayed)
longest = 0
while not Service.waited:
    began = time.monotonic()
    ask(delayed)
    longest = max(longest, time.monotonic() - began)
    assert longest < PROMPT, longest
    time.sleep(0.2)
assert Service.waited["/hangs"] < 15, Service.waited
print(f"a wake-up, decrypted by http_ece; beside one that hangs for {Service.waited['/hangs']:.0f} s no write takes more than {longest * 1000:.0f} ms")
