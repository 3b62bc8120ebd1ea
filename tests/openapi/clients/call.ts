// Calls the API through the types that openapi-typescript made: log-in, a batch, a record, the feed.
//
//   node call.js http://127.0.0.1:8080 USERNAME PASSWORD
import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { paths } from './api.js';

const [base = '', username = '', password = ''] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: `${base}/api/v1` });

// The content of a good answer.
function good<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.url}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const signedIn = good(await client.POST('/auth/login/', { body: { username, password } }));
assert.equal(signedIn.user.username, username);
client.use({ onRequest: ({ request }) => request.headers.set('Authorization', `Bearer ${signedIn.access}`) });

const start = good(await client.GET('/sync/changes/', { params: { query: { limit: 1000, state: 'idle' } } }));
const [batched, sent] = [randomUUID(), randomUUID()];
const batch = good(
  await client.POST('/sync/batch/', {
    body: {
      device_id: 'typescript',
      client_timestamp: new Date().toISOString(),
      idempotency_key: randomUUID(),
      records: [{ domain: 'journal', mobile_id: batched, data: { title: 'From a batch', tags: ['sea'] } }],
    },
  }),
);
assert.ok(batch.success && batch.records_sync_result?.synced_items === 1, JSON.stringify(batch));

const entries = [{ mobile_id: sent, jobdesc: 'From an upload', gracetime: 5 }];
const uploaded = good(await client.POST('/sync/activity/sync/', { body: { client_id: 'typescript', entries } }));
assert.deepEqual(uploaded.synced_items.map((item) => item.mobile_id), [sent]);

const query = { since: start.server_time, include: 'objects', kinds: 'journal,tasks' } as const;
const { changes } = good(await client.GET('/sync/changes/', { params: { query } }));
assert.equal(changes.journal?.find((item) => item.id === batched)?.object?.title, 'From a batch');
assert.equal(changes.tasks?.find((item) => item.id === sent)?.object?.gracetime, 5);

const page = good(await client.GET('/sync/activity/changes/', { params: { query: { since: start.server_time } } }));
assert.equal(page.items.find((record) => record.mobile_id === sent)?.jobdesc, 'From an upload');

const refused = await client.POST('/goals/', { body: { title: '' } });
assert.equal(refused.error?.status, 400);
console.log('  ok  TypeScript: log-in, a batch, a record, the feed, a refusal');
