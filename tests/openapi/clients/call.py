"""Calls the API through the client that openapi-python-client made: log-in, a batch, a record, the feed.

python call.py http://127.0.0.1:8080 USERNAME PASSWORD
"""

import datetime
import sys
import uuid

from tandem_client import AuthenticatedClient, Client
from tandem_client.api.auth import post_auth_login
from tandem_client.api.goals import post_goals
from tandem_client.api.mobile import get_sync_activity_changes, post_sync_activity_sync, post_sync_batch
from tandem_client.api.sync import get_sync_changes
from tandem_client.models import (
    GetSyncChangesResponse200,
    GetSyncChangesState,
    JournalData,
    PostAuthLoginBody,
    PostGoalsBody,
    PostSyncActivitySyncBody,
    PostSyncActivitySyncBodyEntriesItem,
    PostSyncBatchBody,
    PostSyncBatchBodyRecordsItem,
    Problem,
    SignedIn,
    SyncBatchResponse,
    UploadedRecords,
)

base, username, password = sys.argv[1:]
url = f"{base}/api/v1"


def good(answer, kind):
    """The content of a good answer."""
    assert isinstance(answer, kind), answer
    return answer


login = PostAuthLoginBody(username=username, password=password)
signed_in = good(post_auth_login.sync(client=Client(url, raise_on_unexpected_status=True), body=login), SignedIn)
assert signed_in.user.username == username
client = AuthenticatedClient(url, signed_in.access, raise_on_unexpected_status=True)

start = good(get_sync_changes.sync(client=client, limit=1000, state=GetSyncChangesState.IDLE), GetSyncChangesResponse200)
batched, sent = str(uuid.uuid4()), str(uuid.uuid4())
batch = PostSyncBatchBody(
    device_id="python",
    client_timestamp=datetime.datetime.now(datetime.UTC),
    idempotency_key=str(uuid.uuid4()),
    records=[PostSyncBatchBodyRecordsItem("journal", batched, data=JournalData(title="From a batch", tags=["sea"]))],
)
answer = good(post_sync_batch.sync(client=client, body=batch), SyncBatchResponse)
assert answer.success and answer.records_sync_result.synced_items == 1, answer

entry = PostSyncActivitySyncBodyEntriesItem(mobile_id=sent, jobdesc="From an upload", gracetime=5)
upload = PostSyncActivitySyncBody(client_id="python", entries=[entry])
uploaded = good(post_sync_activity_sync.sync(client=client, body=upload), UploadedRecords)
assert [item.mobile_id for item in uploaded.synced_items] == [sent]

since = start.server_time.isoformat()
poll = get_sync_changes.sync(client=client, since=since, include="objects", kinds="journal,tasks")
changes = good(poll, GetSyncChangesResponse200).changes
assert next(item for item in changes.journal if item.id == batched).object_.title == "From a batch"
assert next(item for item in changes.tasks if item.id == sent).object_.gracetime == 5

page = get_sync_activity_changes.sync(client=client, since=start.server_time)
assert next(record for record in page.items if record.mobile_id == sent).jobdesc == "From an upload"

refused = good(post_goals.sync(client=client, body=PostGoalsBody(title="")), Problem)
assert refused.status == 400
print("  ok  Python: log-in, a batch, a record, the feed, a refusal")
