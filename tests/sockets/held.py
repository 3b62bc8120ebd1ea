"""Who holds a connection: a WebSocket by `websockets`, and a reader of events."""
import asyncio, contextlib, http.client, json, threading

import websockets
from websockets.asyncio.client import connect

from house import ORIGIN

PATIENCE = 10


class Socket:
    """A WebSocket of a person, with what it heard."""

    def __init__(self, ws):
        self.ws = ws

    @classmethod
    async def open(cls, person, version="", browser=False, path=None, **more):
        path = f"{version}/ws/mobile/sync/?device_id={person.device}" if path is None else path
        url = f"ws://127.0.0.1:{person.site.rt}/api{path}"
        if browser:
            more = {"subprotocols": ["tandem.v1", f"bearer.{person.access}"], "origin": ORIGIN} | more
        else:
            more = {"additional_headers": {"Authorization": f"Bearer {person.access}"}} | more
        ws = await connect(url, open_timeout=PATIENCE, ping_interval=None, **more)
        socket = cls(ws)
        socket.first = await socket.hear("connection_established")
        return socket

    @classmethod
    async def reopen(cls, person):
        """As an app does it: an opening that is not answered is tried again."""
        for _ in range(2):
            with contextlib.suppress(TimeoutError):
                return await cls.open(person)
        return await cls.open(person)

    async def say(self, word, **members):
        await self.ws.send(json.dumps({"type": word} | members))

    async def next(self, within=PATIENCE):
        return json.loads(await asyncio.wait_for(self.ws.recv(), within))

    async def hear(self, word, within=PATIENCE):
        message = await self.next(within)
        assert message["type"] == word, message
        return message

    async def ask(self, word, answer, **members):
        """Says something; what is answered to it. Updates may come between."""
        await self.say(word, **members)
        while (message := await self.next())["type"] == "push_update":
            pass
        assert message["type"] == answer, message
        return message

    async def settle(self):
        """Lets pass what others did before."""
        try:
            while True:
                await self.next(1.8)
        except asyncio.TimeoutError:
            pass

    async def update(self, event, within=PATIENCE):
        """The next update about this; others before it are passed over."""
        while True:
            message = await self.next(within)
            if message["type"] == "push_update" and message["event"] == event:
                return message

    async def silent(self, within=1.5):
        try:
            message = await self.next(within)
        except asyncio.TimeoutError:
            return
        raise AssertionError(f"heard {message}")

    async def closed(self, within=PATIENCE):
        """The code by which the server closes it; what it says before is passed over."""
        async def end():
            while True:
                try:
                    await self.ws.recv()
                except websockets.ConnectionClosed as closed:
                    return closed.rcvd.code if closed.rcvd else 1006
        return await asyncio.wait_for(end(), within)

    async def close(self):
        await self.ws.close()


async def refused(person, **more):
    """The status by which an opening is refused."""
    try:
        await Socket.open(person, **more)
    except websockets.InvalidStatus as refusal:
        return refusal.response.status_code
    raise AssertionError("it was opened")


class Stream:
    """A reader of events: a thread reads, `next` waits for what it read."""

    def __init__(self, person, last=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", person.site.rt, timeout=60)
        fields = {"Authorization": f"Bearer {person.access}", "Accept": "text/event-stream"}
        if last:
            fields["Last-Event-ID"] = last
        self.connection.request("GET", "/api/push/stream/", headers=fields)
        self.answer = self.connection.getresponse()
        self.loop, self.events = asyncio.get_running_loop(), asyncio.Queue()
        if self.answer.status == 200:
            threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        event = {}
        try:
            for line in self.answer:
                line = line.decode().rstrip("\n")
                if line.startswith(":"):
                    continue
                if line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                elif event:
                    self.put(event)
                    event = {}
        except (OSError, ValueError, http.client.HTTPException):
            pass
        self.put(None)

    def put(self, event):
        try:
            self.loop.call_soon_threadsafe(self.events.put_nowait, event)
        except RuntimeError:
            pass

    async def next(self, name=None, within=PATIENCE):
        event = await asyncio.wait_for(self.events.get(), within)
        assert name is None or (event and event["event"] == name), event
        return event and event | {"data": json.loads(event["data"])}
