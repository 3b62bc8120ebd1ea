"""A push service for a real Firefox: what Mozilla's autopush says to browsers over a WebSocket, and to application servers over HTTPS
(RFC 8030, 8292). Mozilla's own wants cloud storage; this one keeps all in memory."""
import base64, http.server, json, ssl, threading, time, uuid

from py_vapid import Vapid02
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

# What autopush takes (mozilla-push-service/autopush-rs, "Error codes").
LONGEST = 4096
LONGEST_TTL = 30 * 24 * 3600


def plain64(text):
    return text.rstrip("=")


class Autopush:
    """The service: browsers, their channels, and what waits for them."""

    def __init__(self, cert, key):
        self.lock = threading.RLock()
        # By a browser's id: its socket while it is connected. By a channel's: whose it is, and the key it was asked for with.
        self.browsers, self.channels, self.ended = {}, {}, set()
        # By version: what no browser has acknowledged yet.
        self.waiting = {}
        self.taken, self.acks, self.refused = [], [], []
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Endpoint", (Endpoint,), {"service": self}))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.sockets = serve(self.talk, "127.0.0.1", 0, subprotocols=["push-notification"])
        self.port = self.http.server_address[1]
        self.url = f"ws://localhost:{self.sockets.socket.getsockname()[1]}/"
        for server in [self.http, self.sockets]:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def is_heard(self):
        """Is a browser connected?"""
        return any(self.browsers.values())

    def stop(self):
        self.sockets.shutdown()
        self.http.shutdown()

    def talk(self, socket):
        """The conversation with one browser, until it goes."""
        browser = None
        try:
            for text in socket:
                said = json.loads(text)
                with self.lock:
                    if said.get("messageType") == "hello":
                        browser = self.hello(socket, said)
                    elif said == {}:
                        socket.send("{}")
                    else:
                        self.WORDS[said["messageType"]](self, browser, socket, said)
        except ConnectionClosed:
            pass
        finally:
            with self.lock:
                if self.browsers.get(browser) is socket:
                    self.browsers[browser] = None

    def hello(self, socket, said):
        """Who comes back under its id keeps its channels and hears what waits."""
        assert said["use_webpush"] is True, said
        browser = said.get("uaid")
        if browser not in self.browsers:
            browser = uuid.uuid4().hex
        self.browsers[browser] = socket
        hello = {"messageType": "hello", "status": 200, "uaid": browser, "use_webpush": True, "broadcasts": {}}
        socket.send(json.dumps(hello))
        for message in list(self.waiting.values()):
            if self.channels[message["channelID"]]["browser"] == browser:
                self.hand(message)
        return browser

    def register(self, browser, socket, said):
        channel = said["channelID"]
        self.channels[channel] = {"browser": browser, "key": plain64(said["key"])}
        answer = {"messageType": "register", "status": 200, "channelID": channel, "pushEndpoint": self.endpoint(channel)}
        socket.send(json.dumps(answer))

    def unregister(self, _browser, socket, said):
        channel = said["channelID"]
        self.channels.pop(channel, None)
        self.ended.add(channel)
        self.waiting = {version: message for version, message in self.waiting.items() if message["channelID"] != channel}
        socket.send(json.dumps({"messageType": "unregister", "status": 200, "channelID": channel}))

    def ack(self, _browser, _socket, said):
        for update in said["updates"]:
            self.acks.append(update["code"])
            self.waiting.pop(update["version"], None)

    def nack(self, _browser, _socket, said):
        self.refused.append(said["code"])

    def nothing(self, _browser, _socket, _said):
        """Broadcasts are Mozilla's own affair."""

    WORDS = {"register": register, "unregister": unregister, "ack": ack, "nack": nack, "broadcast_subscribe": nothing}

    def endpoint(self, channel):
        return f"https://localhost:{self.port}/wpush/v2/{channel}"

    def post(self, channel, fields, body):
        """A message of an application server; the status, and the version it is kept under."""
        with self.lock:
            known = self.channels.get(channel)
            fault = next((status for status, holds in self.faults(known, fields, body) if holds), None)
            if fault:
                return fault, ""
            version, topic, lives = uuid.uuid4().hex, fields["Topic"], min(int(fields["TTL"]), LONGEST_TTL)
            # What has the same topic and was not fetched yet is replaced (RFC 8030, 5.4).
            self.waiting = {v: m for v, m in self.waiting.items() if not topic or (m["topic"], m["channelID"]) != (topic, channel)}
            data = base64.urlsafe_b64encode(body).decode()
            message = {"version": version, "channelID": channel, "data": plain64(data), "topic": topic, "until": time.time() + lives}
            self.waiting[version] = message
            self.taken.append({"channel": channel} | {name: fields[name] for name in ["TTL", "Urgency", "Topic"]})
            self.hand(message)
            return 201, version

    def faults(self, known, fields, body):
        """What autopush refuses, one after the other."""
        yield 410, known is None
        yield 400, not (fields["TTL"] or "").isdigit()
        yield 413, len(body) > LONGEST
        yield 415, fields["Content-Encoding"] != "aes128gcm"
        yield 400, len(fields["Topic"] or "") > 32
        authorization = fields["Authorization"] or ""
        yield 401, not authorization.startswith("vapid ") or not Vapid02.verify(authorization)
        yield 403, plain64(authorization.split("k=")[1]) != known["key"]

    def hand(self, message):
        """To its browser, if that is connected and the message still lives."""
        socket = self.browsers.get(self.channels[message["channelID"]]["browser"])
        if socket and time.time() < message["until"]:
            said = {name: message[name] for name in ["channelID", "version", "data"]}
            said |= {"messageType": "notification", "ttl": 0, "headers": {"encoding": "aes128gcm"}}
            socket.send(json.dumps(said))


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Where application servers send messages."""

    protocol_version = "HTTP/1.1"
    service = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, version = self.service.post(self.path.rsplit("/", 1)[1], self.headers, body)
        self.send_response(status)
        if version:
            self.send_header("Location", f"https://localhost:{self.service.port}/m/{version}")
            self.send_header("TTL", self.headers["TTL"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass
