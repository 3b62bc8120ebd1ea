"""Connections end whatever happens to who ends them: what is published is lost, the program is killed, or a session ends without a call."""
import asyncio, contextlib, sqlite3

from held import PATIENCE, Socket, Stream, refused
from house import PASSWORD, Site, wait_for
from valve import Valve

ENDS = []


def case(run):
    ENDS.append(run)
    return run


@contextlib.contextmanager
def valved(site, name, **more):
    """A site of its own, whose Pushpin stands behind a valve."""
    valve, folder = Valve(), site.work.parent / name
    folder.mkdir()
    own = Site(site.programs, folder, more={"TANDEM_GRIP_CONTROL_URL": f"http://127.0.0.1:{valve.port}"} | more)
    valve.site = own
    try:
        yield own, valve
    finally:
        own.stop()
        valve.close()


async def closed_by_others(site, socket, person, seconds=60):
    """How a socket is closed while others ask something now and then."""
    closing = asyncio.create_task(socket.closed(seconds))
    while not closing.done():
        await asyncio.to_thread(site.call, "GET", "/auth/me/", token=person.access)
        await asyncio.sleep(0.3)
    return await closing


@case
async def who_was_signed_out_is_closed_though_the_engine_did_not_take_it(first):
    with valved(first, "refused") as (site, valve):
        a, b = site.couple()
        tablet = a.another("tablet")
        left, stays = await Socket.open(tablet), await Socket.open(a)
        valve.mode = "refuse"
        site.call("POST", "/auth/logout/", {"refresh": tablet.refresh})
        wait_for(lambda: valve.refused)
        await left.silent(3)
        valve.mode = "pass"
        assert await closed_by_others(site, left, b) == 4401
        # Nobody else is, and not again.
        await stays.ask("heartbeat", "heartbeat_response")
        again = await Socket.open(a.another("tablet"))
        await again.settle()
        await again.ask("heartbeat", "heartbeat_response")


@case
async def who_was_signed_out_is_closed_though_the_program_was_killed(first):
    with valved(first, "killed") as (site, valve):
        a, b = site.couple()
        tablet = a.another("tablet")
        left, stream = await Socket.open(tablet), Stream(tablet)
        await stream.next("connection_established")
        valve.mode = "kill"
        with contextlib.suppress(OSError):
            site.call("POST", "/auth/logout/", {"refresh": tablet.refresh})
        wait_for(lambda: valve.killed)
        valve.mode = "pass"
        assert await closed_by_others(site, left, b) == 4401
        while await stream.next():
            pass


@case
async def who_stays_comes_back_though_the_engine_did_not_take_that_others_left(first):
    with valved(first, "members") as (site, valve):
        a, b = site.couple()
        mine, theirs = await Socket.open(a), await Socket.open(b)
        valve.mode = "refuse"
        assert site.call("POST", "/couple/leave/", {}, token=b.access)[0] == 204
        wait_for(lambda: valve.refused)
        valve.mode = "pass"
        both = await asyncio.gather(closed_by_others(site, mine, a), closed_by_others(site, theirs, b))
        assert both == [1012, 4403], both


@case
async def sessions_that_end_without_a_call_are_closed(first):
    with valved(first, "quietly", TANDEM_LIMITS_SESSIONS="3") as (site, _):
        a, b = site.couple()
        # Of too many sessions the one that was not used for longest ends.
        tablet = a.another("tablet")
        left = await Socket.open(a)
        for device in ["one", "two"]:
            a = a.another(device)
        assert await left.closed() == 4401
        # One whose time is over.
        left = await Socket.open(a)
        with contextlib.closing(sqlite3.connect(site.work / "data/tandem.db")) as db, db:
            db.execute("UPDATE sessions SET expires_at = 1 WHERE user_id = ? AND device = 'two'", [a.id])
        assert site.tandem("maintain")[0] == 0
        assert await closed_by_others(site, left, b) == 4401
        # Accounts that are deleted, and couples.
        left = await Socket.open(tablet)
        assert site.call("DELETE", "/auth/me/", {"password": PASSWORD}, token=tablet.access)[0] == 204
        assert await left.closed() == 4401
        a, b = site.couple()
        left = await Socket.open(a)
        couple = a.expect(200, "GET", "/couple/")["couple"]["id"]
        code, said = site.tandem("tenant", "delete", couple, "--yes")
        assert code == 0, said
        assert await left.closed() == 4403


@case
async def a_restore_ends_what_hears_of_another_time(first):
    with valved(first, "restored") as (site, _):
        a, b = site.couple()
        code, said = site.tandem("backup")
        assert code == 0, said
        later, _ = site.couple()
        known, unknown = await Socket.open(a), await Socket.open(later)
        code, said = site.tandem("restore", "--latest", "--force")
        assert code == 0, said
        both = await asyncio.gather(closed_by_others(site, known, a), closed_by_others(site, unknown, a))
        assert both == [1012, 1012], both
        assert await refused(a) == 401
