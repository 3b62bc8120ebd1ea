"""A valve in front of Pushpin's control port: it passes on what is published, refuses it, or kills who publishes."""
import contextlib, os, signal, socket, threading


class Valve:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.site, self.mode, self.killed, self.refused = None, "pass", 0, 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                taken, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(taken,), daemon=True).start()

    def serve(self, taken):
        with taken, contextlib.suppress(OSError):
            if self.mode == "kill":
                taken.recv(1)
                for pid in self.site.programs_alive():
                    # A courier that was killed, too, would have its turn for half a minute more.
                    with contextlib.suppress(OSError):
                        if os.readlink(f"/proc/{pid}/exe").endswith("/api"):
                            os.kill(pid, signal.SIGKILL)
                            self.killed += 1
            elif self.mode == "refuse":
                self.refused += 1
            else:
                taken.settimeout(1)
                with socket.create_connection(("127.0.0.1", self.site.control)) as engine:
                    asked = b""
                    while b"\r\n\r\n" not in asked or len(asked.partition(b"\r\n\r\n")[2]) < length(asked):
                        asked += taken.recv(65_536) or stop()
                    engine.sendall(asked)
                    while answered := engine.recv(65_536):
                        taken.sendall(answered)

    def close(self):
        self.listener.close()


def length(asked):
    head = asked.partition(b"\r\n\r\n")[0].lower()
    return int(head.partition(b"content-length:")[2].split(b"\r\n")[0])


def stop():
    raise OSError("cut off")
