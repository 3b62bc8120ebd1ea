"""An SMTP server that keeps what it takes: in the clear, over TLS, and only once TLS was started (STARTTLS), on three ports that it prints. It
refuses bad@example.org."""
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
        out.write_bytes(b"TLS: %d\n" % bool(server.transport.get_extra_info("ssl_object")) + envelope.content)
        return "250 OK"


folder = pathlib.Path(sys.argv[1])
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(folder / "cert.pem", folder / "key.pem")


async def serve():
    loop = asyncio.get_running_loop()
    plain = lambda: SMTP(Keeps(), enable_SMTPUTF8=True)
    started = lambda: SMTP(Keeps(), enable_SMTPUTF8=True, tls_context=context, require_starttls=True)
    ways = [(plain, None), (plain, context), (started, None)]
    hosts = ["127.0.0.1", "127.0.0.1", *sys.argv[2:], "127.0.0.1"]
    servers = [await loop.create_server(factory, host, 0, ssl=tls) for host, (factory, tls) in zip(hosts, ways)]
    print(*[server.sockets[0].getsockname()[1] for server in servers], flush=True)
    await asyncio.sleep(600)


asyncio.run(serve())
