// A queue as an app writes one, without a sync engine. What lies in `state` would lie in the phone's database.

import { DOMAINS, changed, fieldsOf, itemOf, laid } from "./tandem.mjs";

const ENDED = ["epoch_changed", "already_done"];

export class Queue {
  static tables = DOMAINS;
  refused = [];
  /** rows: by "domain id" {fields, base, editedAt}; fields null: deleted here; base: the server's record as far as it is known. */
  state = { rows: {}, upload: null, sent: {}, cursor: null };

  static open(tandem) {
    return new Queue(tandem);
  }

  constructor(tandem) {
    this.tandem = tandem;
  }

  create(domain, id, fields) {
    this.state.rows[`${domain} ${id}`] = { fields, base: null, editedAt: now() };
  }

  edit(domain, id, changes) {
    const row = this.state.rows[`${domain} ${id}`];
    Object.assign(row, { fields: laid(row.fields, changes), editedAt: now() });
  }

  remove(domain, id) {
    Object.assign(this.state.rows[`${domain} ${id}`], { fields: null, editedAt: now() });
  }

  async sync() {
    const answer = this.#prepare() && (await this.tandem.send(this.state.upload).catch((error) => this.#end(error)));
    const isWhole = answer && this.#take(answer);
    if (!isWhole) await this.#poll();
  }

  /** An upload from before a restore, or one that was done so long ago that its answer is forgotten: what is still to be sent goes anew. */
  #end(error) {
    if (!ENDED.includes(error.problem?.code)) throw error;
    Object.assign(this.state, { upload: null, sent: {} });
  }

  /** Makes the upload, unless one waits for its answer. It is kept as it is until then, and its rows as they were. */
  #prepare() {
    const { rows, upload } = this.state;
    if (upload) return true;
    const edited = Object.entries(rows).filter(([, row]) => isEdited(row));
    const records = edited.map(([name, row]) => itemOf(...name.split(" "), row.base, row.fields, row.editedAt));
    this.state.upload = records.length ? this.tandem.upload(records, this.state.cursor?.epoch) : null;
    this.state.sent = Object.fromEntries(edited.map(([name, row]) => [name, row.fields]));
    return records.length > 0;
  }

  /** Takes an answer; does the phone know everything now that happened up to it? */
  #take({ items, errors, previous_stamp, server_timestamp }) {
    for (const item of items) this.#adopt(item);
    for (const error of errors) if (!error.retryable) this.#refuse(error);
    const { cursor } = this.state;
    const isWhole = cursor !== null && previous_stamp === cursor.since && !errors.length && !items.some((item) => item.object_omitted);
    if (isWhole) cursor.since = server_timestamp;
    Object.assign(this.state, { upload: null, sent: {} });
    return isWhole;
  }

  /** The server's record takes the place of what was sent. */
  #adopt({ domain, mobile_id, version, as_sent, object }) {
    const name = `${domain} ${mobile_id}`;
    const sent = this.state.sent[name];
    if (as_sent) this.#put(name, sent && { version, fields: sent }, true);
    else if (object !== undefined) this.#put(name, object && { version, fields: fieldsOf(domain, object) }, false);
  }

  /** What was edited since it was sent stays. It began with what was sent: where the server made something else of that, it is told so,
   * under the old version; a person who has not seen the server's row must not write over it as if they had. */
  #put(name, base, isAsSent) {
    const row = this.state.rows[name];
    const sent = this.state.sent[name];
    const isEditedSince = this.#isEditedSince(name);
    if (!isEditedSince && base) Object.assign(row, { base, fields: base.fields });
    else if (!isEditedSince) delete this.state.rows[name];
    else if (isAsSent || !base) row.base = base;
    else row.base = { version: row.base?.version ?? 0, fields: sent };
  }

  #isEditedSince(name) {
    const [{ fields }, sent] = [this.state.rows[name], this.state.sent[name]];
    return fields === null || sent === null ? fields !== sent : Object.keys(changed(sent, fields)).length > 0;
  }

  /** The app shows what was refused, and why; the row is again what the server has, or is sent once more as it was edited since. */
  #refuse(error) {
    const name = `${error.domain} ${error.item_id}`;
    this.refused.push({ ...error, sent: this.state.sent[name] });
    if (!this.#isEditedSince(name)) this.#put(name, this.state.rows[name].base, false);
  }

  /** Takes what changed, and passes over rows that have edits: of those the server tells again. */
  async #poll() {
    const lists = Object.values(DOMAINS).map((domain) => domain.list);
    const { isReset, told, cursor } = await this.tandem.poll(lists, this.state.cursor);
    for (const [domain, { list }] of Object.entries(DOMAINS)) {
      for (const [id, object] of told[list]) this.#hear(`${domain} ${id}`, object && { version: object.version, fields: fieldsOf(domain, object) });
      if (isReset) for (const name of this.#names(domain)) if (!told[list].has(name.split(" ")[1])) this.#hear(name, null);
    }
    this.state.cursor = cursor;
  }

  #hear(name, base) {
    const row = this.state.rows[name];
    if (row && isEdited(row)) return;
    if (base) this.state.rows[name] = { base, fields: base.fields };
    else delete this.state.rows[name];
  }

  #names(domain) {
    return Object.keys(this.state.rows).filter((name) => name.startsWith(`${domain} `));
  }

  /** What the app shows. */
  async rows(domain) {
    const shown = this.#names(domain).filter((name) => this.state.rows[name].fields);
    return new Map(shown.map((name) => [name.split(" ")[1], { fields: this.state.rows[name].fields, version: this.state.rows[name].base?.version ?? 0 }]));
  }

  /** The app was ended and is started again: what it had is what it kept. */
  restart() {
    this.state = JSON.parse(JSON.stringify(this.state));
  }

  close() {}
}

const now = () => new Date().toISOString();

function isEdited({ fields, base }) {
  return !base || fields === null || Object.keys(changed(base.fields, fields)).length > 0;
}
