"""An SMTP server that keeps what it takes: once in the clear and once over TLS, on two ports that it prints. It refuses bad@example.org."""
import asyncio, pathlib, ssl, sys, time
from aiosmtpd.smtp import SMTP


class Keeps:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == "bad@example.org":
            return "550 5.1.1 bad@example.org is unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        out = folder / f"{time.monotonic_ns()}.mail"
        out.write_bytes(b"TLS: %d\n" % bool(session.ssl) + envelope.content)
        return "250 OK"


folder = pathlib.Path(sys.argv[1])
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(folder / "cert.pem", folder / "key.pem")


async def serve():
    loop = asyncio.get_running_loop()
    factory = lambda: SMTP(Keeps(), enable_SMTPUTF8=True)
    servers = [await loop.create_server(factory, "127.0.0.1", 0, ssl=tls) for tls in (None, context)]
    print(*[server.sockets[0].getsockname()[1] for server in servers], flush=True)
    await asyncio.sleep(600)


asyncio.run(serve())
