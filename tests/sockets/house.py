"""A site on free ports and in a temporary folder: lighttpd runs the program and, unless it is told not to, a real Pushpin in front holds the
connections."""
import contextlib, http.client, json, os, pathlib, shutil, signal, socket, subprocess, time

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
KEY = "a key of these tests of 32 characters or more"
PASSWORD = "correct horse battery 9"
ORIGIN = "https://app.example"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def listening(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"{what} did not come true"
        time.sleep(0.05)
    return found


class Site:
    def __init__(self, programs, work, mode="cgi", more=(), held=True):
        self.programs, self.work, self.mode = programs, work / mode, mode
        self.work.mkdir()
        self.web, self.rt, self.control = free_port(), free_port(), free_port()
        self.env = {
            "HOME": str(self.work), "PATH": os.environ["PATH"],
            "TANDEM_DATA": str(self.work / "data"), "TANDEM_COURIER_PROGRAM": str(programs / "tandem"),
            "TANDEM_CORS_ORIGINS": ORIGIN,
            "TANDEM_LIMITS_REGISTRATIONS": "off", "TANDEM_LIMITS_AUTH": "off", "TANDEM_LIMITS_REQUESTS": "off",
            "TANDEM_LIMITS_UPLOADS": "off", "TANDEM_LIMITS_BURST": "off", "TANDEM_LIMITS_COST": "off", "TANDEM_LIMITS_POLLS": "off",
        } | (self.grip() if held else {}) | dict(more)
        self.users = 0
        self.lighttpd = self.pushpin = None
        self.start_web()
        if held:
            self.start_pushpin()

    def grip(self):
        control, public = f"http://127.0.0.1:{self.control}", f"http://127.0.0.1:{self.rt}/api"
        return {"TANDEM_GRIP_CONTROL_URL": control, "TANDEM_GRIP_KEY": KEY, "TANDEM_GRIP_PUBLIC_URL": public}

    def start_web(self):
        run = self.work / "web"
        (run / "htdocs").mkdir(parents=True)
        env = self.env | {
            "WEB_PORT": str(self.web), "WEB_BIND": "127.0.0.1", "WEB_MODE": self.mode, "WEB_WORKERS": "2", "WEB_RUN": str(run),
            "WEB_PROGRAM": str(self.programs / "api"), "WEB_CONF": str(DEPLOY),
        }
        self.lighttpd = subprocess.Popen(["lighttpd", "-D", "-f", DEPLOY / "lighttpd.conf"], env=env, stderr=subprocess.DEVNULL)
        wait_for(lambda: listening(self.web))

    def start_pushpin(self):
        """With the configuration that ships, but for ports, folders and the key."""
        folder = self.work / "pushpin"
        folder.mkdir(exist_ok=True)
        conf = (DEPLOY / "pushpin/pushpin.conf").read_text()
        for before, after in [
            ("rundir=/run/tandem-pushpin", f"rundir={folder}/run"), ("logdir=/var/log/pushpin", f"logdir={folder}/log"),
            ("http_port=127.0.0.1:7999", f"http_port=127.0.0.1:{self.rt}"), ("push_in_http_port=5561", f"push_in_http_port={self.control}"),
            ("CHANGE-THIS-to-32-random-characters-or-more", KEY),
        ]:
            assert before in conf, before
            conf = conf.replace(before, after)
        (folder / "pushpin.conf").write_text(conf)
        (folder / "routes").write_text((DEPLOY / "pushpin/routes").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{self.web}"))
        for name in ["run", "log"]:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir()
        with open(folder / "said", "ab") as said:
            self.pushpin = subprocess.Popen(["pushpin", "--config", folder / "pushpin.conf"], stdout=said, stderr=said, start_new_session=True)
        wait_for(lambda: listening(self.rt) and listening(self.control))
        wait_for(self.passed_on)

    def passed_on(self):
        """Whether all parts of Pushpin have found each other: until then a request may wait in one of them for ever."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.call("GET", "/push/stream/", port=self.rt, patience=2)[0] == 401

    def kill_pushpin(self):
        """All of its processes, at once."""
        for pid in [self.pushpin.pid, *self.parts()]:
            os.kill(pid, signal.SIGKILL)
        self.pushpin.wait()
        wait_for(lambda: not listening(self.rt))

    def parts(self):
        """The processes that it has started."""
        return [int(path.read_text()) for path in (self.work / "pushpin/run").glob("*.pid")]

    def stop(self):
        if self.pushpin:
            parts = self.parts()
            self.pushpin.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.pushpin.wait(5)
            for pid in [part for part in parts if (pathlib.Path("/proc") / str(part)).exists()]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self.lighttpd:
            self.lighttpd.terminate()
            self.lighttpd.wait()

    def log(self):
        logs = [self.work / "data/tandem.log", *sorted((self.work / "pushpin/log").glob("*.log"))]
        return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in logs if path.exists())

    def programs_alive(self):
        """Processes that run the web program or the courier of this site."""
        alive = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if (entry / "exe").resolve() in (self.programs / "api", self.programs / "tandem"):
                        if str(self.work).encode() in (entry / "environ").read_bytes():
                            alive.append(int(entry.name))
        return alive

    def call(self, method, path, body=None, token=None, port=None, fields=(), patience=30):
        """One request; the status, the fields, and what is answered."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.web, timeout=patience)
        headers = {"Content-Type": "application/json"} | dict(fields)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, "/api" + path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        value = json.loads(content) if content and "json" in answer.headers.get("Content-Type", "") else content
        return answer.status, answer.headers, value

    def expect(self, status, *what, **more):
        answered = self.call(*what, **more)
        assert answered[0] == status, (what, answered[0], answered[2])
        return answered[2]

    def tandem(self, *words):
        done = subprocess.run([self.programs / "tandem", *words], env=self.env, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def person(self, device="phone"):
        self.users += 1
        name = f"user{self.users}"
        made = self.expect(201, "POST", "/auth/register/", {"username": name, "password": PASSWORD})
        return Person(self, name, made["user"]["id"], device)

    def couple(self):
        a, b = self.person(), self.person()
        a.expect(201, "POST", "/couple/create/", {})
        code = a.expect(200, "POST", "/couple/invite/", {})["invite"]["code"]
        b.expect(200, "POST", "/couple/join/", {"code": code})
        return a, b


class Person:
    """A session of a user, on a device."""

    def __init__(self, site, name, number, device):
        self.site, self.name, self.id, self.device = site, name, number, device
        made = site.expect(200, "POST", "/auth/login/", {"username": name, "password": PASSWORD, "device": {"device_id": device}})
        self.access, self.refresh = made["access"], made["refresh"]

    def another(self, device):
        return Person(self.site, self.name, self.id, device)

    def expect(self, status, method, path, body=None, **more):
        return self.site.expect(status, method, path, body, token=self.access, **more)

    def ask(self):
        """Makes something that others are told of within seconds."""
        return self.expect(201, "POST", "/qna/questions/", {"text": "What made you smile today?"})

    def poll(self, since, more=""):
        return self.expect(200, "GET", f"/sync/changes/?since={since}{more}")
