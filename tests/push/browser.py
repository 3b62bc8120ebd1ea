"""A real Firefox subscribes, is verified, decrypts what the courier sends and shows it: with the app open, after the browser was closed and
started again, and until it subscribes no more. The site runs under lighttpd, and its requests start the courier."""
import contextlib, http.server, json, os, pathlib, shutil, signal, subprocess, sys, threading, time

from autopush import Autopush

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "sockets"))
from house import Site, wait_for

programs, work = map(pathlib.Path, sys.argv[1:])
# A browser on a busy machine; each wait ends as soon as what it waits for is there.
PATIENCE = 90
# As often as a partner's phone polls: whose request finds a wake-up due has the courier started.
POLLS = 1
TYPES = {".html": "text/html", ".js": "text/javascript", ".json": "application/json"}


class App(http.server.BaseHTTPRequestHandler):
    """Serves the app to the browser, and takes what it tells."""

    told, session, service = [], {}, None

    def do_GET(self):
        path = self.path.split("?")[0].lstrip("/") or "index.html"
        if path == "session.json":
            # A Firefox that still starts forgets what pages ask of its push service: it is ready once it has said hello.
            wait_for(self.service.is_heard, PATIENCE)
        file = here / "app" / path
        content = json.dumps(self.session).encode() if path == "session.json" else file.read_bytes() if file.is_file() else None
        self.send_response(200 if content is not None else 404)
        self.send_header("Content-Type", TYPES.get(file.suffix, "text/plain"))
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def do_POST(self):
        self.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Firefox:
    """A browser with a profile of its own, which asks nobody but the tests."""

    def __init__(self, service, app):
        self.profile, self.process = work / "profile", None
        self.profile.mkdir()
        allowed = self.profile / "permissions"
        allowed.write_text(f"origin\tdesktop-notification\t1\t{app}\n")
        prefs = {
            "dom.push.serverURL": service.url, "dom.push.testing.allowInsecureServerURL": True, "dom.push.connection.enabled": True,
            "dom.push.retryBaseInterval": 500, "dom.push.loglevel": "Debug", "devtools.console.stdout.chrome": True,
            # As a person who has allowed notifications; shown by Firefox itself, since a server has no desktop.
            "permissions.manager.defaultsUrl": allowed.as_uri(), "alerts.useSystemBackend": False,
            # Everything but the tests' own servers is behind a proxy that is not there.
            "network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9, "network.proxy.ssl": "127.0.0.1",
            "network.proxy.ssl_port": 9, "datareporting.policy.dataSubmissionEnabled": False, "browser.aboutwelcome.enabled": False,
            "browser.startup.homepage_override.mstone": "ignore", "browser.shell.checkDefaultBrowser": False,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in prefs.items()]
        (self.profile / "user.js").write_text("".join(lines))

    def start(self, url):
        env = {"HOME": str(work), "PATH": os.environ["PATH"], "MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1", "LANG": "C.UTF-8"}
        command = [shutil.which("firefox-esr") or "firefox", "--no-remote", "--profile", self.profile, url]
        with open(work / "firefox.log", "ab") as log:
            self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def stop(self):
        """Politely, so that it keeps its profile; then whatever is left of its own session."""
        if not self.process:
            return
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


def heard(what, number=1, meanwhile=lambda: None):
    """What the app tells, once it has told it so often."""
    def looked():
        faults = [told["fault"] for told in App.told if told["what"] == "fault"]
        assert not faults, faults
        meanwhile()
        told = [told for told in App.told if told["what"] == what]
        return told[number - 1] if len(told) >= number else None
    try:
        return wait_for(looked, PATIENCE)
    except AssertionError as fault:
        raise AssertionError(f"the app does not tell “{what}”, but {App.told}") from fault


class Partner:
    """Who writes, on a phone that polls."""

    def __init__(self, person):
        self.person, self.polled = person, 0

    def write(self, text):
        self.person.expect(201, "POST", "/qna/questions/", {"text": text})

    def poll(self):
        if time.monotonic() - self.polled > POLLS:
            self.polled = time.monotonic()
            self.person.poll("2099-01-01T00:00:00Z")


def is_shown(told, text):
    """A notification with what the partner wrote, of a wake-up that says as much as it should and no more."""
    message = told["message"]
    assert set(message) == {"v", "type", "epoch", "clock", "domains", "messages", "priority", "code"}, message
    assert (message["type"], message["priority"], message["code"]) == ("changes", "high", "changes"), message
    assert message["domains"] == {"qna_questions": 1}, message
    assert told["shown"] == [{"title": "A new question", "body": text, "tag": "changes"}], told


def the_whole_way(site, service, firefox, app):
    owner, partner = site.couple()
    browser, partner = owner.another("browser"), Partner(partner)
    since = browser.poll("2020-01-01T00:00:00Z")["server_time"]
    # So it has seen who joined, and is woken of what comes after that.
    browser.poll(since)
    App.session = {"api": f"http://127.0.0.1:{site.web}/api", "access": browser.access, "device": browser.device, "since": since}

    firefox.start(f"{app}/")
    subscribed = heard("subscribed")
    assert (subscribed["permission"], subscribed["subscription"]["state"]) == ("granted", "pending"), subscribed
    verified = heard("verified", meanwhile=partner.poll)
    subscription = verified["subscription"]
    assert (subscription["state"], subscription["id"]) == ("active", subscribed["subscription"]["id"]), verified
    print("ok      Firefox subscribes with the site's key, decrypts the code, and is verified")

    text = "What made you laugh in 부산 ?"
    partner.write(text)
    shown = heard("shown", meanwhile=partner.poll)
    is_shown(shown, text)
    sent = service.taken[-1]
    assert (sent["TTL"], sent["Urgency"], len(sent["Topic"])) == ("86400", "normal", 32), sent
    wait_for(lambda: service.acks == [100, 100])
    print("ok      Firefox decrypts a wake-up, polls, and shows what the partner wrote")

    firefox.stop()
    wait_for(lambda: not service.is_heard())
    text, taken = "And what tonight?", len(service.taken)
    partner.write(text)
    wait_for(lambda: partner.poll() or len(service.taken) > taken, PATIENCE)
    firefox.start("about:blank")
    shown = heard("shown", 2, meanwhile=partner.poll)
    is_shown(shown, text)
    assert shown["pages"] == 0, "no page of the app is open"
    print("ok      what came while Firefox was closed is shown when it starts, without the app")

    firefox.stop()
    firefox.start(f"{app}/?leave")
    assert heard("left")["gone"] is True
    wait_for(lambda: service.ended)
    partner.write("Are you there?")
    state = lambda: partner.poll() or browser.expect(200, "GET", f"/push/subscriptions/{subscription['id']}/")["state"]
    wait_for(lambda: state() == "gone", PATIENCE)
    assert service.refused == [], service.refused
    print("ok      when Firefox subscribes no more, the subscription is gone")


def main():
    # Whoever ends the test ends Firefox and the site as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    app = f"http://localhost:{pages.server_address[1]}"
    service = Autopush(work / "cert.pem", work / "key.pem")
    push = {
        "TANDEM_PUSH_CONTACT": "mailto:ops@example.org", "TANDEM_PUSH_PORTS": str(service.port), "TANDEM_PUSH_PRIVATE": "localhost",
        "TANDEM_PUSH_CA": str(work / "cert.pem"), "TANDEM_CORS_ORIGINS": app,
    }
    App.service, firefox = service, Firefox(service, app)
    site = Site(programs, work, "fastcgi", push, held=False)
    try:
        the_whole_way(site, service, firefox, app)
    except BaseException:
        log = work / "firefox.log"
        said = [line for line in log.read_text(errors="replace").splitlines() if "Push" in line] if log.exists() else []
        print(site.log(), *said[-40:], sep="\n", file=sys.stderr)
        raise
    finally:
        firefox.stop()
        site.stop()
        service.stop()
        pages.shutdown()


main()
