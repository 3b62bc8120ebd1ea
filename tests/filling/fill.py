"""Tries for a while to fill a server's disk, as strangers with accounts can, and holds what comes of it to the quotas.

    fill.py BASE DATA [SECONDS] [ACCOUNTS]

BASE has its default limits, and DATA is its data folder. Each account is alone in a couple, whose room is 16 MiB then. What is tried: long
goals and letters, many small objects, answers kept for retries, uploads of records, stale edits that make conflicts, and sessions."""

import collections
import http.client
import json
import os
import sys
import threading
import time
import urllib.parse
import uuid

MIB = 1 << 20
# What an account may have stored: its couple's room, a tenth of that for conflicts' rows above it, and its kept answers.
ROOM, ABOVE, ANSWERS = 16, 1.6, 4
# What the database takes for a byte that is counted: keys, indexes, the feed's rows, pages that are not full.
OVERHEAD = 1.2
# What does not grow with accounts: the schema, the write-ahead log, the files of limits.
BESIDE = 32
# What a refusal may be called. Anything else is no clear problem, and a 5xx but 507 none at all.
CLEAR = {"quota", "throttled", "RATE_LIMIT_EXCEEDED", "too-many", "too-large", "conflict-open", "conflict_open", "too-slow"}

base, data = sys.argv[1:3]
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 60
accounts = int(sys.argv[4]) if len(sys.argv) > 4 else 10
host = urllib.parse.urlparse(base).netloc
end = time.monotonic() + seconds
lock = threading.Lock()
statuses, codes, sent = collections.Counter(), collections.Counter(), collections.Counter()
unclear, largest = [], 0


def size():
    """Bytes on the disk, of all files of the store."""
    files = (os.path.join(folder, name) for folder, _, names in os.walk(data) for name in names)
    return sum(os.stat(file).st_blocks * 512 for file in files if os.path.exists(file))


class Stranger:
    def __init__(self, number):
        self.link = None
        self.name = f"stranger{number}-{uuid.uuid4().hex[:8]}"
        self.token = None
        account = {"username": self.name, "password": "seven purple kites"}
        self.token = self.call("POST", "/auth/register/", account)["access"]
        self.call("POST", "/couple/create/", {})
        self.record = None

    def call(self, method, path, body, key=None):
        text = json.dumps(body).encode()
        fields = {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        fields.update({"Idempotency-Key": key} if key else {})
        answer, status = self.send(method, path, text, fields)
        with lock:
            statuses[status] += 1
            sent[status < 300] += len(text)
            if status >= 400:
                self.judge(status, answer)
            for error in (answer.get("records_sync_result") or {}).get("errors", []):
                codes[f"item: {error.get('reason', error.get('code'))}"] += 1
        return answer

    def send(self, method, path, text, fields):
        for _ in range(2):
            self.link = self.link or http.client.HTTPConnection(host, timeout=60)
            try:
                self.link.request(method, f"/api{path}", text, fields)
                got = self.link.getresponse()
                read = got.read()
                return (json.loads(read) if read else {}), got.status
            except (http.client.HTTPException, OSError):
                self.link.close()
                self.link = None
        return {}, 599

    def judge(self, status, problem):
        code = problem.get("code", problem.get("type"))
        codes[f"{status} {code}"] += 1
        if not problem.get("detail") or (status >= 500 and status != 507) or (status == 507 and code not in CLEAR):
            unclear.append((status, json.dumps(problem)[:300]))
        if status == 507 and code == "quota" and not {"whose", "unit", "used", "limit"} <= set(problem.get("quota", {})):
            unclear.append((status, json.dumps(problem)[:300]))

    def goal(self):
        self.call("POST", "/goals/", {"title": "x", "why_for_us": "y" * 10_000})

    def small(self):
        self.call("POST", "/goals/", {"title": "x"})

    def question(self):
        self.call("POST", "/qna/questions/", {"text": "q" * 10_000})

    def letter(self):
        n = int(time.monotonic() * 1_000)
        month = f"{1970 + n // 12 % 7_000:04}-{n % 12 + 1:02}"
        self.call("POST", "/letters/", {"month": month, "content": "z" * 200_000}, key=uuid.uuid4().hex)

    def session(self):
        signed_in = self.call("POST", "/auth/login/", {"username": self.name, "password": "seven purple kites"})
        # Of too many sessions the longest unused ends.
        self.token = signed_in.get("access", self.token)

    def upload(self, records):
        body = {"records": records, "device_id": uuid.uuid4().hex, "idempotency_key": uuid.uuid4().hex}
        self.call("POST", "/sync/batch/", {**body, "client_timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})

    def journal(self):
        """A hundred records of 60 KB."""
        made = [str(uuid.uuid4()) for _ in range(100)]
        self.record = self.record or made[0]
        data = {"title": "t", "content": "c" * 20_000, "tags": ["t" * 40_000], "timestamp": "2026-01-16T14:30:45Z"}
        self.upload([{"domain": "journal", "operation": "create", "mobile_id": one, "version": 0, "data": data} for one in made])

    def stale(self):
        """Many edits of one of them, each of a version that is not there any more."""
        edits = ({"title": f"t{n}", "content": f"{n} " * 20} for n in range(1_000))
        item = {"domain": "journal", "operation": "update", "mobile_id": self.record or str(uuid.uuid4()), "version": 1}
        self.upload([{**item, "base_data": {"title": "never"}, "data": data} for data in edits])


TRIES = [Stranger.goal, Stranger.letter, Stranger.question, Stranger.journal, Stranger.stale, Stranger.small, Stranger.session]


def play(stranger, turn):
    while time.monotonic() < end:
        TRIES[turn % len(TRIES)](stranger)
        turn += 1


def watch():
    global largest
    while time.monotonic() < end:
        largest = max(largest, size())
        time.sleep(0.2)


begin = size()
strangers = [Stranger(number) for number in range(accounts)]
threads = [threading.Thread(target=play, args=(one, n)) for n, one in enumerate(strangers)] + [threading.Thread(target=watch)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

largest = max(largest, size())
grown = (largest - begin) / MIB
most = accounts * (ROOM + ABOVE + ANSWERS) * OVERHEAD + BESIDE
print(f"{accounts} accounts sent {sent[True] / MIB:.0f} MiB that were taken and {sent[False] / MIB:.0f} MiB that were refused in {seconds:.0f} s")
print(f"the disk grew by {grown:.1f} MiB at most, the quotas allow {most:.0f} MiB")
print(f"statuses: {dict(sorted(statuses.items()))}")
print(f"refusals: {dict(codes.most_common())}")
for status, problem in unclear[:5]:
    print(f"unclear: {status} {problem}")
assert not unclear, f"{len(unclear)} refusals are no clear problems"
assert grown <= most, "the disk was filled beyond the quotas"
assert codes["507 quota"] or codes["item: quota"], "nobody met a quota: this tried too little"
