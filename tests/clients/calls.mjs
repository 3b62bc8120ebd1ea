// A queue of single calls over what a couple has, goals, actions, questions, answers, check-ins and letters, as an app writes it that knows
// the routes of these alone. What is made has its id at once. What lies in `state` would lie in the phone's database.

import { randomUUID } from "node:crypto";
import { COUPLE, Refused, childrenOf, fieldsOf, laid } from "./tandem.mjs";

export class Calls {
  static tables = COUPLE;
  /** What no route deletes. */
  static lasting = "answer";
  refused = [];
  /** rows: by "domain id" {fields, base}; base: the server's object as far as it is known. calls: what is to be sent, in order. own: stamps
   * of what this phone wrote, and holds. */
  state = { rows: {}, calls: [], cursor: null, own: [] };

  static open(tandem) {
    return new Calls(tandem);
  }

  constructor(tandem) {
    this.tandem = tandem;
  }

  create(domain, id, fields) {
    const name = `${domain} ${id}`;
    this.state.rows[name] = { fields, base: null };
    this.#queue({ name, isNew: true, method: "POST", path: COUPLE[domain].makes(fields), body: { id, ...fields } });
  }

  edit(domain, id, changes) {
    const name = `${domain} ${id}`;
    const row = this.state.rows[name];
    row.fields = laid(row.fields, changes);
    const { path, makes } = COUPLE[domain];
    // An answer is written again, whole, where it was written first.
    if (path) this.#queue({ name, method: "PATCH", path: `${path}${id}/`, body: changes });
    else this.#queue({ name, method: "POST", path: makes(row.fields), body: row.fields });
  }

  remove(domain, id) {
    const name = `${domain} ${id}`;
    this.state.rows[name].fields = null;
    this.#queue({ name, method: "DELETE", path: `${COUPLE[domain].path}${id}/` });
  }

  #queue(call) {
    this.state.calls.push({ ...call, key: randomUUID() });
  }

  async sync() {
    while (this.state.calls.length) {
      await this.#send(this.state.calls[0]);
      this.state.calls.shift();
    }
    await this.#poll();
  }

  /** Sends a call, and keeps it as it is until it is answered. It is for the version that this phone knows, or for nothing yet. */
  async #send(call) {
    const row = this.state.rows[call.name];
    call.headers ??= call.isNew ? { "If-None-Match": "*" } : { "If-Match": `"v${row?.base?.version ?? 0}"` };
    try {
      const answer = await this.tandem.call(call.method, call.path, call.body, call.key, call.headers);
      this.#take(call, answer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await this.#refuse(call, error);
    }
  }

  /** The server's object is what the next call began with. */
  #take({ name, method, body }, answer) {
    const row = this.state.rows[name];
    const [domain] = name.split(" ");
    const [parent] = COUPLE[domain].parent ?? [];
    const object = answer && (answer.action ?? answer.letter ?? answer.answer ?? answer);
    if (method === "DELETE") for (const gone of [name, ...this.#children(name)]) delete this.state.rows[gone];
    else if (row) row.base = baseOf(domain, { ...(parent && { [parent]: body[parent] }), ...object });
    if (row?.base && !this.#waits(name, 1)) row.fields = row.base.fields;
    const { cursor, own } = this.state;
    if (cursor && own.length + this.tandem.stamps.length <= MOST_OWN) own.push(...this.tandem.stamps);
  }

  /** What was deleted with a row. */
  #children(name) {
    const [domain, id] = name.split(" ");
    const columns = new Map(childrenOf(COUPLE, domain));
    return Object.keys(this.state.rows).filter((held) => {
      const { fields, base } = this.state.rows[held];
      return (fields ?? base.fields)[columns.get(held.split(" ")[0])] === id;
    });
  }

  /** An object as the server has it; an answer stands in its question. */
  async #find(domain, id, fields) {
    const { path } = COUPLE[domain];
    const object = await this.tandem.call("GET", path ? `${path}${id}/` : `/qna/questions/${fields.question_id}/`).catch((error) => {
      if (!(error instanceof Refused)) throw error;
    });
    const answer = !path && object?.answers.find((answer) => answer.id === id);
    return path ? object : answer && { question_id: fields.question_id, ...answer };
  }

  /** The app shows what was refused. Everything of this row that waits goes with it, since it began with that; the row is the server's,
   * which is asked for: a poll may have passed over it. */
  async #refuse(call, { status, problem }) {
    const { name, method } = call;
    const [domain, id] = name.split(" ");
    const object = await this.#find(domain, id, this.state.rows[name]?.fields);
    const of = this.state.calls.filter((other) => other.name === name);
    if (method !== "DELETE" || status !== 404) this.refused.push({ status, problem, calls: of, row: this.state.rows[name] });
    this.state.calls = [call, ...this.state.calls.filter((other) => other.name !== name)];
    this.#put(name, object && baseOf(domain, object));
  }

  /** Do calls wait for a row, more than so many? */
  #waits(name, than = 0) {
    return this.state.calls.filter((call) => call.name === name).length > than;
  }

  async #poll() {
    const lists = Object.values(COUPLE).map(({ list }) => list);
    const { isReset, told, cursor } = await this.tandem.poll(lists, this.state.cursor, this.state.own);
    for (const [domain, { list }] of Object.entries(COUPLE)) {
      for (const [id, object] of told[list]) this.#hear(`${domain} ${id}`, object && baseOf(domain, object));
      const held = Object.keys(this.state.rows).filter((name) => name.startsWith(`${domain} `));
      if (isReset) for (const name of held) if (!told[list].has(name.split(" ")[1])) this.#hear(name, null);
    }
    Object.assign(this.state, { cursor, own: [] });
  }

  #hear(name, base) {
    if (!this.#waits(name)) this.#put(name, base);
  }

  #put(name, base) {
    if (base) this.state.rows[name] = { base, fields: base.fields };
    else delete this.state.rows[name];
  }

  /** What the app shows: nothing that hangs on what is deleted here. */
  async rows(domain) {
    const [column, parent] = COUPLE[domain].parent ?? [];
    const isAway = ({ fields }) => !fields || (parent && this.state.rows[`${parent} ${fields[column]}`]?.fields === null);
    const shown = Object.entries(this.state.rows).filter(([name, row]) => name.startsWith(`${domain} `) && !isAway(row));
    return new Map(shown.map(([name, { fields, base }]) => [name.split(" ")[1], { fields, version: base?.version ?? 0 }]));
  }

  /** The app was ended and is started again: what it had is what it kept. */
  restart() {
    this.state = JSON.parse(JSON.stringify(this.state));
  }

  close() {}
}

/** The most stamps that a poll names. */
const MOST_OWN = 20;

const baseOf = (domain, object) => ({ version: object.version, fields: fieldsOf(domain, object) });
