// WatermelonDB over Tandem: one poll pulls every table, one upload pushes every table.
//
// A table of its own, `bases`, keeps what the server holds of each row as far as the phone knows. So an upload can say what an edit
// began with, and the tenant's policy settles what both sides changed. (WatermelonDB's own way, local columns over remote
// ones, would let the phone win always.)

import watermelon from "@nozbe/watermelondb";
import loki from "@nozbe/watermelondb/adapters/lokijs/index.js";
import sync from "@nozbe/watermelondb/sync/index.js";
import logger from "@nozbe/watermelondb/utils/common/logger/index.js";
import { DOMAINS, changed, fieldsOf, itemOf, laid } from "./tandem.mjs";

const { Database, Model, Q, appSchema, tableSchema } = watermelon;
logger.default.silence();

const TABLES = Object.entries(DOMAINS).map(([domain, { list, columns }]) => ({ domain, list, names: Object.keys(columns), columns }));
const columns = (types) => Object.entries(types).map(([name, type]) => ({ name, type, isOptional: true }));
const schema = appSchema({
  version: 1,
  tables: [
    ...TABLES.map((table) => tableSchema({ name: table.list, columns: columns({ ...table.columns, edited_at: "string" }) })),
    tableSchema({ name: "bases", columns: columns({ version: "number", fields: "string" }) }),
  ],
});
const modelClasses = [...TABLES.map(({ list }) => list), "bases"].map((table) => class extends Model { static table = table; });

export class Watermelon {
  static tables = DOMAINS;
  static isSettled = true;
  refused = [];

  static open(tandem, name) {
    return new Watermelon(tandem, name);
  }

  constructor(tandem, name) {
    this.tandem = tandem;
    const adapter = new loki.default({ dbName: name, schema, useWebWorker: false, useIncrementalIndexedDB: true, extraLokiOptions: { autosave: false } });
    this.database = new Database({ adapter, modelClasses });
  }

  create(domain, id, fields) {
    return this.#write(domain, (rows) => rows.create((row) => {
      row._raw.id = id;
      set(row, { ...fields, edited_at: now() });
    }));
  }

  edit(domain, id, changes) {
    return this.#write(domain, async (rows) => (await rows.find(id)).update((row) => set(row, { ...changes, edited_at: now() })));
  }

  remove(domain, id) {
    return this.#write(domain, async (rows) => (await rows.find(id)).markAsDeleted());
  }

  sync() {
    return sync.synchronize({
      database: this.database,
      sendCreatedAsUpdated: true,
      pullChanges: ({ lastPulledAt }) => this.#pull(lastPulledAt),
      pushChanges: ({ changes }) => this.#push(changes),
      conflictResolver: (table, local, remote, resolved) => (this.held.has(local.id) ? local : { ...resolved, ...remote }),
      onDidPullChanges: ({ epoch }) => this.database.localStorage.set("epoch", epoch),
    });
  }

  /** Everything new. Rows that have edits are passed over: what becomes of those, the server tells after their upload. */
  async #pull(lastPulledAt) {
    const cursor = lastPulledAt && { since: new Date(lastPulledAt).toISOString(), epoch: await this.database.localStorage.get("epoch") };
    const { isReset, told, cursor: next } = await this.tandem.poll(TABLES.map(({ list }) => list), cursor);
    this.held = await this.#edited();
    const changes = { bases: { created: [], updated: [], deleted: [] } };
    for (const { domain, list, names } of TABLES) {
      // After a reset, what is not told is gone. (WatermelonDB's "replacement" would drop what was edited here, too.)
      if (isReset) for (const id of await this.database.get(list).query().fetchIds()) if (!told[list].has(id)) told[list].set(id, null);
      const news = [...told[list]].filter(([id]) => !this.held.has(id));
      const alive = news.filter(([, object]) => object).map(([id, object]) => [id, object.version, fieldsOf(domain, object)]);
      const deleted = news.filter(([, object]) => !object).map(([id]) => id);
      changes[list] = { created: [], updated: alive.map(([id, , fields]) => raw(id, names, fields)), deleted };
      changes.bases.updated.push(...alive.map(([id, version, fields]) => ({ id, ...base(version, fields) })));
      changes.bases.deleted.push(...deleted);
    }
    return { changes, timestamp: Date.parse(next.since), epoch: next.epoch };
  }

  /** The rows whose edits the server does not have. */
  async #edited() {
    const bases = await this.#bases();
    const held = new Set();
    for (const { list, names } of TABLES) {
      const dirty = await this.database.get(list).query(Q.where("_status", Q.notEq("synced"))).unsafeFetchRaw();
      for (const row of dirty) if (isEdited(bases.get(row.id), own(names, row))) held.add(row.id);
      for (const id of await this.database.adapter.getDeletedRecords(list)) held.add(id);
    }
    return held;
  }

  async #push(changes) {
    const bases = await this.#bases();
    const sent = new Map();
    const records = [];
    for (const { domain, list, names } of TABLES) {
      const rows = [...changes[list].created, ...changes[list].updated].map((row) => [row.id, own(names, row), row.edited_at]);
      for (const [id, fields, editedAt] of [...rows, ...changes[list].deleted.map((id) => [id, null])]) {
        if (fields && !isEdited(bases.get(id), fields)) continue;
        sent.set(id, fields);
        records.push(itemOf(domain, id, bases.get(id), fields, editedAt));
      }
    }
    if (!records.length) return {};
    const { items, errors } = await this.tandem.send(this.tandem.upload(records));
    const rejected = Object.fromEntries(TABLES.map(({ list }) => [list, []]));
    await this.database.write(async () => {
      for (const item of items) await this.#adopt(item, sent.get(item.mobile_id), bases.get(item.mobile_id));
      for (const error of errors) await this.#refuse(error, sent.get(error.item_id), bases.get(error.item_id), rejected);
    });
    return { experimentalRejectedIds: rejected };
  }

  /** The server's record takes the place of what was sent. What was edited since began with what was sent, and stays: where the server
   * made something else of that, under the old version, so that it is not taken for an edit of a row that nobody here has seen.
   * Deletions are left to the next pull. */
  async #adopt({ domain, mobile_id: id, version, as_sent, object }, sent, base) {
    const fields = as_sent ? sent : object && fieldsOf(domain, object);
    if (!fields || !sent) return;
    const row = await this.database.get(DOMAINS[domain].list).find(id).catch(() => null);
    const held = row && own(Object.keys(DOMAINS[domain].columns), row._raw);
    if (as_sent || !row) return this.#keep(id, version, fields);
    if (isEdited({ fields: sent }, held)) return this.#keep(id, base?.version ?? 0, sent);
    await this.#keep(id, version, fields);
    await row.update(() => set(row, changed(held, fields)));
  }

  /** What is to be sent again stays; else the app shows it, and the row is again what the server has. */
  async #refuse(error, sent, base, rejected) {
    const { list } = DOMAINS[error.domain];
    if (!error.retryable) this.refused.push({ ...error, sent });
    if (error.retryable || (sent && !base)) return rejected[list].push(error.item_id);
    const row = sent && (await this.database.get(list).find(error.item_id).catch(() => null));
    const held = row && own(Object.keys(DOMAINS[error.domain].columns), row._raw);
    if (row && !isEdited({ fields: sent }, held)) await row.update(() => set(row, changed(held, base.fields)));
  }

  async #keep(id, version, fields) {
    const known = await this.database.get("bases").find(id).catch(() => null);
    if (known) await known.update(() => set(known, base(version, fields)));
    else await this.database.get("bases").create((row) => {
      row._raw.id = id;
      set(row, base(version, fields));
    });
  }

  async #bases() {
    const rows = await this.database.get("bases").query().unsafeFetchRaw();
    return new Map(rows.map(({ id, version, fields }) => [id, { version, fields: JSON.parse(fields) }]));
  }

  /** What the app shows. */
  async rows(domain) {
    const { list, columns } = DOMAINS[domain];
    const bases = await this.#bases();
    const rows = await this.database.get(list).query().fetch();
    return new Map(rows.map((row) => [row.id, { fields: own(Object.keys(columns), row._raw), version: bases.get(row.id)?.version ?? 0 }]));
  }

  #write(domain, work) {
    return this.database.write(() => work(this.database.get(DOMAINS[domain].list)));
  }

  close() {}
}

const now = () => new Date().toISOString();
const base = (version, fields) => ({ version, fields: JSON.stringify(fields) });
const isEdited = (base, fields) => !base || Object.keys(changed(base.fields, fields)).length > 0;
const own = (names, row) => laid(Object.fromEntries(names.map((name) => [name, row[name] ?? null])), {});
const raw = (id, names, fields) => ({ id, ...Object.fromEntries(names.map((name) => [name, fields[name] ?? null])) });

function set(row, values) {
  for (const [name, value] of Object.entries(values)) row._setRaw(name, value);
}
