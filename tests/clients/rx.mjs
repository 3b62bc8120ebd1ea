// RxDB over Tandem: a collection for each domain, replicated live.
//
// RxDB itself knows what an edit began with (the assumed master state), so that each upload tells it. What the server made of an
// edit goes back as RxDB's conflict, and stands: the tenant's policy has settled it.

import { createRxDatabase, deepEqual } from "rxdb";
import { replicateRxCollection } from "rxdb/plugins/replication";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { Subject } from "rxjs";
import { DOMAINS, fieldsOf, itemOf } from "./tandem.mjs";

function schemaOf({ columns }) {
  const types = Object.entries({ ...columns, edited_at: "string", version: "number" }).map(([name, type]) => [name, { type }]);
  const properties = { id: { type: "string", maxLength: 36 }, ...Object.fromEntries(types) };
  return { version: 0, primaryKey: "id", type: "object", properties, required: ["id"] };
}

/** The server decides. When somebody edited a row here and which version that began with is no difference. */
const conflictHandler = {
  isEqual: (a, b) => deepEqual({ ...a, edited_at: "" }, { ...b, edited_at: "" }),
  resolve: ({ realMasterState }) => realMasterState,
};

export class Rx {
  static tables = DOMAINS;
  static isSettled = true;
  refused = [];
  replications = [];
  look = new Subject();
  /** Milliseconds that a person looks at a wheel that turns before they put the phone away. */
  patience = 250;

  static async open(tandem, name) {
    const device = new Rx();
    device.database = await createRxDatabase({ name, storage: getRxStorageMemory(), multiInstance: false });
    const names = Object.entries(DOMAINS).map(([domain, columns]) => [domain, { schema: schemaOf(columns), conflictHandler }]);
    device.collections = await device.database.addCollections(Object.fromEntries(names));
    device.replications = Object.keys(DOMAINS).map((domain) => device.#replicate(tandem, domain));
    return device;
  }

  #replicate(tandem, domain) {
    const collection = this.collections[domain];
    return replicateRxCollection({
      collection,
      replicationIdentifier: `tandem-${domain}`,
      live: true,
      retryTime: 25,
      pull: { handler: (checkpoint) => pull(tandem, domain, collection, checkpoint), stream$: this.look },
      push: { handler: (rows) => push(tandem, domain, rows, this.refused) },
    });
  }

  create(domain, id, fields) {
    return this.collections[domain].insert({ id, version: 0, edited_at: now(), ...fields });
  }

  async edit(domain, id, changes) {
    const row = await this.collections[domain].findOne(id).exec();
    await row.incrementalModify((held) => withoutNull({ ...held, ...changes, edited_at: now() }));
  }

  async remove(domain, id) {
    const row = await this.collections[domain].findOne(id).exec();
    await row.incrementalModify((held) => ({ ...held, edited_at: now(), _deleted: true }));
  }

  /** Polls now, and sends what there is; what does not succeed in time goes on when there is a network. */
  async sync() {
    this.look.next("RESYNC");
    const done = Promise.all(this.replications.map((replication) => replication.awaitInSync()));
    let timer;
    await Promise.race([done, new Promise((out) => (timer = setTimeout(out, this.patience)))]);
    clearTimeout(timer);
  }

  /** What the app shows. */
  async rows(domain) {
    const rows = await this.collections[domain].find().exec();
    return new Map(rows.map((row) => [row.id, { fields: fieldsOf(domain, row.toJSON()), version: row.version }]));
  }

  async close() {
    await this.database.close();
  }
}

async function pull(tandem, domain, collection, checkpoint) {
  const { isReset, told, cursor } = await tandem.poll([DOMAINS[domain].list], checkpoint);
  const documents = [...told[DOMAINS[domain].list]].map(([id, object]) => documentOf(domain, id, object));
  if (isReset) {
    const gone = (await collection.find().exec()).filter(({ id, version }) => version && !told[DOMAINS[domain].list].has(id));
    documents.push(...gone.map(({ id }) => documentOf(domain, id, null)));
  }
  return { documents, checkpoint: cursor };
}

/** Sends edits; answers what the server made of them, with their new versions, as conflicts that are settled. */
async function push(tandem, domain, rows, refused) {
  const edited = rows.filter(isEdited);
  if (!edited.length) return [];
  const { items, errors } = await tandem.send(tandem.upload(edited.map((row) => itemFor(domain, row))));
  const waiting = errors.filter((error) => error.retryable);
  if (waiting.length) throw new Error(`to be sent again: ${waiting.map(({ reason }) => reason)}`);
  const rowOf = (id) => edited.find((row) => row.newDocumentState.id === id);
  const taken = items.map((item) => takenOf(domain, item, rowOf(item.mobile_id).newDocumentState));
  return [...taken.filter(Boolean), ...errors.map((error) => refuse(error, rowOf(error.item_id), refused))];
}

/** A resolved conflict comes by once more, as the server's document that it is. */
const isEdited = ({ newDocumentState: now, assumedMasterState: before }) =>
  !before || now._deleted !== before._deleted || !deepEqual({ ...now, version: 0, edited_at: "" }, { ...before, version: 0, edited_at: "" });

function itemFor(domain, { newDocumentState: now, assumedMasterState: before }) {
  const base = before && !before._deleted ? { version: before.version, fields: fieldsOf(domain, before) } : null;
  return itemOf(domain, now.id, base, now._deleted ? null : fieldsOf(domain, now), now.edited_at);
}

/** The document that there is now, unless it is exactly the one that was sent. */
function takenOf(domain, { mobile_id: id, version, as_sent, object }, sent) {
  if (as_sent) return !sent._deleted && sent.version !== version && { ...sent, version };
  return object !== undefined && documentOf(domain, id, object);
}

/** The app shows what was refused; the row is again what the server has. */
function refuse(error, { newDocumentState, assumedMasterState }, refused) {
  refused.push({ ...error, sent: newDocumentState });
  return assumedMasterState ?? { ...newDocumentState, _deleted: true };
}

/** The server's object as a document. A deleted one has no fields. */
function documentOf(domain, id, object) {
  return object ? { id, version: object.version, ...fieldsOf(domain, object), _deleted: false } : { id, _deleted: true };
}

const now = () => new Date().toISOString();
const withoutNull = (document) => Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null));
