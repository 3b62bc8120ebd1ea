// A queue as an app writes one, without a sync engine, over records and over what a couple has. What lies in `state` would lie in the
// phone's database.

import { COUPLE, DOMAINS, changed, childrenOf, fieldsOf, itemOf, laid } from "./tandem.mjs";

const ENDED = ["epoch_changed", "already_done"];
/** Why an item may be taken later. */
const LATER = ["no_parent", "conflict_open", "quota", "in_future"];

export class Queue {
  static tables = DOMAINS;
  /** The tenant's policies settle what both sides changed. */
  static isSettled = true;
  refused = [];
  /** What was made here where there was one already: the id here, and the one there. */
  twins = new Map();
  /** rows: by "domain id" {fields, base, editedAt, isBehind}; fields null: deleted here; base: the server's record as far as it is known;
   * isBehind: the server has told of it, and was passed over. own: stamps of what this phone wrote, and holds. */
  state = { rows: {}, upload: null, sent: {}, cursor: null, own: [] };

  static open(tandem) {
    return new this(tandem);
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
    const isWhole = answer && this.#take(answer, this.tandem.stamps);
    if (!isWhole) await this.#poll();
  }

  /** An upload from before a restore: what is still to be sent goes anew. Or one that was done so long ago that its answer is forgotten:
   * only what was edited since goes, and the poll tells what became of the rest. */
  #end(error) {
    const { code, not_done: undone = [] } = error.problem ?? {};
    if (!ENDED.includes(code)) throw error;
    if (code === "already_done") for (const name of Object.keys(this.state.sent)) this.#settle(name, undone.find(({ id }) => id === name.split(" ")[1])?.reason);
    Object.assign(this.state, { upload: null, sent: {} });
  }

  /** What was sent has landed, or met another's edit, unless it was refused: then it is shown, or sent again where that may help. */
  #settle(name, reason) {
    const [row, sent] = [this.state.rows[name], this.state.sent[name]];
    if (!row || LATER.includes(reason)) return;
    const [domain, id] = name.split(" ");
    if (reason && reason !== "conflict") this.#refuse({ domain, item_id: id, reason });
    else if (sent) Object.assign(row, { base: { version: row.base?.version ?? 0, fields: sent }, isBehind: false });
    else if (!this.#isEditedSince(name)) delete this.state.rows[name];
  }

  /** Makes the upload, unless one waits for its answer. It is kept as it is until then, and its rows as they were. */
  #prepare() {
    const { rows, upload } = this.state;
    if (upload) return true;
    // Parents before children.
    const all = Object.keys(this.constructor.tables).flatMap((domain) => this.#names(domain).map((name) => [name, rows[name]]));
    const edited = all.filter(([, row]) => isEdited(row));
    const records = edited.map(([name, row]) => itemOf(...name.split(" "), row.base, row.fields, row.editedAt));
    this.state.upload = records.length ? this.tandem.upload(records, this.state.cursor?.epoch) : null;
    this.state.sent = Object.fromEntries(edited.map(([name, row]) => [name, row.fields]));
    return records.length > 0;
  }

  /** Takes an answer; does the phone know everything now that happened up to it? If not, it need not be told of what it wrote itself. */
  #take({ items, errors, previous_stamp, server_timestamp }, stamps) {
    for (const item of items) this.#adopt(item);
    for (const error of errors) if (!error.retryable) this.#refuse(error);
    const { cursor, own } = this.state;
    const isHeld = cursor !== null && !errors.length && !items.some((item) => item.object_omitted);
    const isWhole = isHeld && previous_stamp === cursor.since;
    if (isWhole) cursor.since = server_timestamp;
    else if (isHeld && own.length + stamps.length <= MOST_OWN) own.push(...stamps);
    Object.assign(this.state, { upload: null, sent: {} });
    return isWhole;
  }

  /** The server's record takes the place of what was sent. */
  #adopt({ domain, mobile_id, version, as_sent, object, existing_id }) {
    const name = `${domain} ${mobile_id}`;
    const sent = this.state.sent[name];
    const base = as_sent ? sent && { version, fields: sent } : object && { version, fields: fieldsOf(domain, object) };
    if (base === undefined) return;
    if (existing_id) this.#move(name, existing_id, base);
    else this.#put(name, base, as_sent);
    // What hangs on it was deleted with it.
    if (!base) for (const child of this.#children(name)) delete this.state.rows[child];
  }

  /** There was a row already where there may be but one, and what was sent was an edit of that. What was edited since still stands under
   * the id that was made here, and goes the same way. */
  #move(name, existing, base) {
    this.twins.set(name.split(" ")[1], existing);
    this.#hear(`${name.split(" ")[0]} ${existing}`, base);
    if (this.#isEditedSince(name)) this.#put(name, base, false);
    else delete this.state.rows[name];
  }

  #children(name) {
    const [domain, id] = name.split(" ");
    const of = childrenOf(this.constructor.tables, domain).flatMap(([child, column]) => this.#names(child).map((held) => [held, column]));
    return of.filter(([held, column]) => (this.state.rows[held].fields ?? this.state.rows[held].base?.fields)?.[column] === id).map(([held]) => held);
  }

  /** What was edited since it was sent stays. It began with what was sent: where the server made something else of that, it is told so,
   * under the old version; a person who has not seen the server's row must not write over it as if they had. */
  #put(name, base, isAsSent) {
    const row = this.state.rows[name];
    if (!row) return this.#hear(name, base);
    const sent = this.state.sent[name];
    const isEditedSince = this.#isEditedSince(name);
    if (!isEditedSince && base) Object.assign(row, { base, fields: base.fields, isBehind: false });
    else if (!isEditedSince) delete this.state.rows[name];
    else if (isAsSent || !base) Object.assign(row, { base, isBehind: false });
    else Object.assign(row, { base: { version: row.base?.version ?? 0, fields: sent }, isBehind: true });
  }

  #isEditedSince(name) {
    const [{ fields }, sent] = [this.state.rows[name], this.state.sent[name]];
    return fields === null || sent === null ? fields !== sent : Object.keys(changed(sent, fields)).length > 0;
  }

  /** The app shows what was refused, and why; the row is again what the server has, or is sent once more as it was edited since. */
  #refuse(error) {
    const name = `${error.domain} ${error.item_id}`;
    this.refused.push({ ...error, sent: this.state.sent[name] });
    if (this.state.rows[name] && !this.#isEditedSince(name)) this.#put(name, this.state.rows[name].base, false);
  }

  /** Takes what changed, and passes over rows that have edits: of those the server tells again. */
  async #poll() {
    const { tables } = this.constructor;
    const { isReset, told, cursor } = await this.tandem.poll(Object.values(tables).map(({ list }) => list), this.state.cursor, this.state.own);
    for (const [domain, { list }] of Object.entries(tables)) {
      for (const [id, object] of told[list]) this.#hear(`${domain} ${id}`, object && { version: object.version, fields: fieldsOf(domain, object) });
      if (isReset) for (const name of this.#names(domain)) if (!told[list].has(name.split(" ")[1])) this.#vanish(name);
    }
    Object.assign(this.state, { cursor, own: [] });
  }

  /** The server does not have it any more: it was put back to a backup from before. What hangs on it here would wait for ever, and the
   * app says so. */
  #vanish(name) {
    this.#hear(name, null);
    if (this.state.rows[name]) return;
    for (const child of this.#children(name)) {
      const [domain, id] = child.split(" ");
      this.refused.push({ domain, item_id: id, reason: "no_parent", sent: this.state.rows[child].fields });
      delete this.state.rows[child];
    }
  }

  /** Takes what the server has, unless the person has edited it: then it is sent, also where they take that back. */
  #hear(name, base) {
    const row = this.state.rows[name];
    if (row && isEdited(row)) row.isBehind = true;
    else if (base) this.state.rows[name] = { base, fields: base.fields };
    else delete this.state.rows[name];
  }

  #names(domain) {
    return Object.keys(this.state.rows).filter((name) => name.startsWith(`${domain} `));
  }

  /** What the app shows: nothing that hangs on what is deleted here. */
  async rows(domain) {
    const { rows } = this.state;
    const [column, parent] = this.constructor.tables[domain].parent ?? [];
    const isAway = ({ fields }) => fields === null || (parent && rows[`${parent} ${fields[column]}`]?.fields === null);
    const shown = this.#names(domain).filter((name) => !isAway(rows[name]));
    return new Map(shown.map((name) => [name.split(" ")[1], { fields: this.state.rows[name].fields, version: this.state.rows[name].base?.version ?? 0 }]));
  }

  /** The app was ended and is started again: what it had is what it kept. */
  restart() {
    this.state = JSON.parse(JSON.stringify(this.state));
  }

  close() {}
}

/** The same over goals, actions, questions, answers, check-ins and letters. */
export class Nouns extends Queue {
  static tables = COUPLE;
}

/** The most stamps that a poll names. */
const MOST_OWN = 20;

const now = () => new Date().toISOString();

function isEdited({ fields, base, isBehind }) {
  return !base || isBehind || fields === null || Object.keys(changed(base.fields, fields)).length > 0;
}
