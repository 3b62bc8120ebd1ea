// A queue of single calls over what a couple has, goals, actions, questions, check-ins and letters, as an app writes it that knows the
// routes of these alone. What is made has its id at once. What lies in `state` would lie in the phone's database.

import { randomUUID } from "node:crypto";
import { COUPLE, Refused, changed, fieldsOf, laid } from "./tandem.mjs";

export class Calls {
  static tables = COUPLE;
  refused = [];
  /** rows: by "domain id" {fields, base}; base: the server's object as far as it is known. calls: what is to be sent, in order. */
  state = { rows: {}, calls: [], cursor: null };

  static open(tandem) {
    return new Calls(tandem);
  }

  constructor(tandem) {
    this.tandem = tandem;
  }

  create(domain, id, fields) {
    const name = `${domain} ${id}`;
    this.state.rows[name] = { fields, base: null };
    this.#queue({ name, method: "POST", path: COUPLE[domain].makes(fields), body: { id, ...fields } });
  }

  edit(domain, id, changes) {
    const name = `${domain} ${id}`;
    const row = this.state.rows[name];
    row.fields = laid(row.fields, changes);
    this.#queue({ name, method: "PATCH", path: `${COUPLE[domain].path}${id}/`, body: changes });
  }

  /** Of a goal its actions go, too. */
  remove(domain, id) {
    const name = `${domain} ${id}`;
    this.state.rows[name].fields = null;
    this.#queue({ name, method: "DELETE", path: `${COUPLE[domain].path}${id}/` });
    if (domain === "goal") for (const [child, { fields }] of Object.entries(this.state.rows)) if (fields?.goal_id === id) delete this.state.rows[child];
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
    call.headers ??= call.method !== "POST" ? { "If-Match": `"v${row?.base?.version ?? 0}"` } : call.name.startsWith("letter") ? { "If-None-Match": "*" } : {};
    try {
      const answer = await this.tandem.call(call.method, call.path, call.body, call.key, call.headers);
      this.#take(call, answer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await this.#refuse(call, error);
    }
  }

  /** The server's object is what the next call began with. */
  #take({ name, method }, answer) {
    const row = this.state.rows[name];
    const object = answer && (answer.action ?? answer.letter ?? answer);
    if (method === "DELETE") delete this.state.rows[name];
    else if (row) row.base = { version: object.version, fields: fieldsOf(name.split(" ")[0], object) };
    if (row?.base && !this.#waits(name, 1)) row.fields = row.base.fields;
  }

  /** The app shows what was refused. Everything of this row that waits goes with it, since it began with that; the row is the server's,
   * which is asked for: a poll may have passed over it. */
  async #refuse(call, { status, problem }) {
    const { name, method } = call;
    const [domain, id] = name.split(" ");
    const object = await this.tandem.call("GET", `${COUPLE[domain].path}${id}/`).catch((error) => {
      if (!(error instanceof Refused)) throw error;
    });
    const of = this.state.calls.filter((other) => other.name === name);
    if (method !== "DELETE" || status !== 404) this.refused.push({ status, problem, calls: of, row: this.state.rows[name] });
    this.state.calls = [call, ...this.state.calls.filter((other) => other.name !== name)];
    this.#put(name, object && { version: object.version, fields: fieldsOf(domain, object) });
  }

  /** Do calls wait for a row, more than so many? */
  #waits(name, than = 0) {
    return this.state.calls.filter((call) => call.name === name).length > than;
  }

  async #poll() {
    const lists = Object.values(COUPLE).map(({ list }) => list);
    const { isReset, told, cursor } = await this.tandem.poll(lists, this.state.cursor);
    for (const [domain, { list }] of Object.entries(COUPLE)) {
      for (const [id, object] of told[list]) this.#hear(`${domain} ${id}`, object && { version: object.version, fields: fieldsOf(domain, object) });
      const held = Object.keys(this.state.rows).filter((name) => name.startsWith(`${domain} `));
      if (isReset) for (const name of held) if (!told[list].has(name.split(" ")[1])) this.#hear(name, null);
    }
    this.state.cursor = cursor;
  }

  #hear(name, base) {
    if (!this.#waits(name)) this.#put(name, base);
  }

  #put(name, base) {
    if (base) this.state.rows[name] = { base, fields: base.fields };
    else delete this.state.rows[name];
  }

  /** What the app shows. */
  async rows(domain) {
    const shown = Object.entries(this.state.rows).filter(([name, { fields }]) => name.startsWith(`${domain} `) && fields);
    return new Map(shown.map(([name, { fields, base }]) => [name.split(" ")[1], { fields, version: base?.version ?? 0 }]));
  }

  /** The app was ended and is started again: what it had is what it kept. */
  restart() {
    this.state = JSON.parse(JSON.stringify(this.state));
  }

  close() {}
}
