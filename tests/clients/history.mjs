// One history: three devices of a couple make, edit and delete records through a bad network, then the network is well again. What
// differs in the end, as lines of text.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Chance, Network } from "./network.mjs";
import { DOMAINS, Tandem, Unreachable, fieldsOf } from "./tandem.mjs";
import { COUPLE, RECORDS } from "./worlds.mjs";

/** What the devices do before the network is well. */
const TURNS = 70;
/** Where a store is put back to a backup: after how many turns that is made, and after how many it takes the store's place. */
const [BACKUP, RESTORE] = [25, 50];
/** Rounds in which everything must come to rest, and those of them in which people settle what waits. */
const [ROUNDS, CHOICES] = [8, 4];
/** Changes on a page: few, so that there are pages. */
const PAGE = 4;
/** Milliseconds that a device has for one of them, where it does not end by itself. */
const PATIENCE = 20_000;

export class History {
  /** What people made, deleted and wrote; and of what they wrote, what they saw when they wrote over it or deleted it. */
  made = new Map();
  removed = new Set();
  written = [];
  seen = new Set();
  /** How much happened. */
  figures = { made: 0, texts: 0, requests: 0, spoilt: 0, conflicts: 0, refused: 0 };

  /** `operator` is given where the store is to be put back to a backup in between. */
  constructor({ name, server, operator, engine, policy }) {
    Object.assign(this, { name, server, operator, engine, policy, chance: new Chance(name) });
    this.tables = engine.tables;
    this.world = this.tables === DOMAINS ? RECORDS : COUPLE;
    this.lists = Object.values(this.tables).map(({ list }) => list);
  }

  async play() {
    const people = await couple(this.server);
    this.people = people.map((token) => new Tandem(this.server, token, "nobody's phone"));
    [this.owner] = this.people;
    const rule = { resolution_policy: this.policy, auto_resolve: this.policy !== "manual" };
    if (this.engine.isSettled) for (const domain of Object.keys(this.tables)) await this.owner.call("PUT", `/sync/policies/${domain}/`, rule);
    this.devices = [];
    for (const number of [0, 1, 2]) this.devices.push(await this.#device(number, people[number % 2]));
    try {
      for (let turn = 0; turn < TURNS; turn++) {
        if (turn === BACKUP) await this.#operate("backup", "--quiet");
        if (turn === RESTORE) await this.#operate("restore", "--latest", "--force", "--keep-sessions");
        await this.#act(this.chance.pick(this.devices));
      }
      return [...(await this.#settle()), ...(await this.#lost())];
    } finally {
      for (const device of this.devices) await this.#close(device);
    }
  }

  async #operate(...words) {
    if (this.operator) await promisify(execFile)(this.operator, words);
  }

  async #device(number, token) {
    const network = await new Network(this.server, new Chance(`${this.name} ${number}`)).open();
    const tandem = Object.assign(new Tandem(network.url, token, `phone-${number}`), { pageSize: PAGE });
    return { number, network, tandem, store: await this.engine.open(tandem, `phone-${number}-${this.chance.uuid()}`) };
  }

  async #close({ store, network }) {
    await store.close();
    network.close();
    this.figures.requests += network.requests;
    this.figures.spoilt += network.spoilt;
    this.figures.refused += store.refused.length;
  }

  async #act(device) {
    const drawn = this.chance.below(16);
    if (drawn === 0 || !this.made.size) await this.#create(device);
    else if (drawn < 8) await this.#edit(device);
    else if (drawn === 8) device.store.restart?.();
    else if (drawn === 9 && this.policy === "manual") await this.#online(device, () => this.#choose(device.tandem));
    else await this.#online(device, () => device.store.sync());
  }

  /** Something over the network, in whose middle the person may go on editing. */
  async #online(device, work) {
    if (this.chance.below(3) === 0) device.network.meanwhile = () => this.#edit(device);
    Object.assign(device.network, { isOnline: true, isOfBefore: this.chance.below(20) === 0 });
    try {
      await work();
    } catch (error) {
      if (!isOfTheNetwork(error)) throw error;
    } finally {
      Object.assign(device.network, { isOnline: false, isOfBefore: false, meanwhile: null });
    }
  }

  async #create(device) {
    const domain = this.chance.pick(Object.keys(this.world));
    const { needed, start, once: [column, values] = [], isOwn } = this.world[domain];
    const { parent } = this.tables[domain];
    const id = this.chance.uuid();
    const more = {};
    if (parent) {
      const parents = await this.#rows(device, parent[1]);
      if (!parents.length) return;
      [more[parent[0]]] = this.chance.pick(parents);
    }
    if (values) more[column] = this.chance.pick(values);
    // The app does not offer what it shows already.
    const isThere = ([other, { fields }]) => fields[column] === more[column] && (!isOwn || this.#isBy(device, other));
    if (column && (await this.#rows(device, domain)).some(isThere)) return;
    this.made.set(id, { domain, by: device.number % 2, parent: parent && more[parent[0]] });
    await device.store.create(domain, id, { [needed]: this.#write(device, id), ...start, ...more });
  }

  #isBy(device, id) {
    return this.made.get(id).by === device.number % 2;
  }

  async #rows({ store }, domain) {
    return [...(await store.rows(domain))].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  async #edit(device) {
    const domain = this.chance.pick(Object.keys(this.world));
    const mine = ([id]) => !this.world[domain].isOwn || this.#isBy(device, id);
    const rows = (await this.#rows(device, domain)).filter(mine);
    if (!rows.length) return;
    const [id, { fields }] = this.chance.pick(rows);
    const drawn = this.chance.below(10);
    if (drawn === 0 && this.engine.lasting !== domain) {
      this.removed.add(id);
      this.#see(fields, Object.keys(fields));
      return device.store.remove(domain, id);
    }
    const changes = this.#changes(device, domain, id, fields, drawn);
    this.#see(fields, Object.keys(changes));
    await device.store.edit(domain, id, changes);
  }

  #changes(device, domain, id, fields, drawn) {
    const { needed, free, empty = null, few, steps = {} } = this.world[domain];
    if (drawn === 1) return { [few[0]]: this.chance.pick(few[1]) };
    if (drawn === 2) for (const [state, ways] of Object.entries(steps)) if (ways[fields[state]]) return { [state]: this.chance.pick(ways[fields[state]]) };
    if (drawn === 3 && free !== needed) return { [free]: empty };
    return { [drawn < 6 ? needed : free]: this.#write(device, id) };
  }

  /** A text that nobody else writes. */
  #write(device, id) {
    const text = `text ${this.written.length} of phone ${device.number}.`;
    this.written.push({ id, text });
    // The server trims it, and the device must hear of that.
    return this.chance.below(4) === 0 ? ` ${text} ` : text;
  }

  #see(fields, names) {
    for (const name of names) this.seen.add(String(fields[name]).trim());
  }

  /** A person settles one of the conflicts that wait, on a device. */
  async #choose(tandem) {
    const { conflicts } = await tandem.call("GET", "/sync/conflicts/?status=manual_required");
    if (conflicts.length) await this.#resolve(tandem, this.chance.pick(conflicts));
  }

  async #resolve(tandem, { conflict_id: id }) {
    const choice = { conflict_id: id, resolution_strategy: "manual", chosen_version: this.chance.pick(["client", "server"]) };
    await tandem.call("POST", `/sync/conflicts/${id}/resolve/`, choice, this.chance.uuid()).catch((error) => {
      // The record has moved on: looked at again later, it shows that. Or it is another's to settle.
      if (!/ 40[0-9] /.test(error.message)) throw error;
    });
  }

  /** Both settle whatever waits, as far as they may. */
  async #chooseAll() {
    for (const person of this.people) {
      const { conflicts } = await person.call("GET", "/sync/conflicts/?status=manual_required&page_size=200");
      for (const conflict of conflicts) await this.#resolve(person, conflict);
    }
  }

  /** The network is well: everything comes to rest, every device holds what the server holds, and nothing is told for ever. */
  async #settle() {
    for (const device of this.devices) this.#mend(device);
    let differs = [];
    for (let round = 0, calm = 0; round < ROUNDS && calm < 2; round++) {
      const before = await this.#stamp();
      for (const { store } of this.devices) await store.sync();
      if (this.policy === "manual" && round < CHOICES) await this.#chooseAll();
      differs = await this.#differences();
      calm = differs.length || before !== (await this.#stamp()) ? 0 : calm + 1;
      if (round === ROUNDS - 1 && !calm && !differs.length) differs = ["the devices make news without end"];
    }
    return differs.length ? differs : this.#begin();
  }

  /** A fourth device begins now. */
  async #begin() {
    const device = await this.#device(3, this.owner.token);
    this.devices.push(device);
    this.#mend(device);
    await device.store.sync();
    return this.#differences();
  }

  #mend({ network, store }) {
    Object.assign(network, { isBad: false, isOnline: true });
    store.patience = PATIENCE;
  }

  async #stamp() {
    return (await this.owner.poll(this.lists)).cursor.since;
  }

  async #server() {
    const { told } = await this.owner.poll(this.lists);
    return Object.fromEntries(Object.entries(this.tables).map(([domain, { list }]) => [domain, told[list]]));
  }

  async #differences() {
    const server = await this.#server();
    const lines = [];
    for (const { number, store } of this.devices) {
      for (const domain of Object.keys(this.tables)) {
        const rows = await store.rows(domain);
        for (const id of new Set([...rows.keys(), ...server[domain].keys()])) {
          const object = server[domain].get(id);
          const [here, there] = [shown(rows.get(id)), shown(object && { version: object.version, fields: fieldsOf(domain, object) })];
          if (here !== there) lines.push(`phone ${number}, ${domain} ${id}:\n    has    ${here}\n    server ${there}`);
        }
      }
    }
    return lines;
  }

  /** What was made and is neither there nor deleted by anybody; what was written and is neither there, nor in a conflict, nor was it seen
   * by whoever wrote over it; and what nobody made. */
  async #lost() {
    const server = await this.#server();
    const there = new Map(Object.values(server).flatMap((objects) => [...objects]));
    const conflicts = await this.#conflicts();
    Object.assign(this.figures, { made: this.made.size, texts: this.written.length, conflicts: conflicts.length });
    // What was made between a backup and its restore is gone.
    if (this.operator) return [];
    const refused = JSON.stringify(this.devices.map(({ store }) => store.refused));
    const kept = JSON.stringify([...there.values(), conflicts]) + refused;
    const gone = [...this.made.keys()].filter((id) => !there.has(this.#landed(id)) && !this.#isRemoved(id) && !refused.includes(id));
    const strange = [...there.keys()].filter((id) => !this.made.has(id));
    // A record that is deleted takes its settled conflicts along, and with them what the other side wrote.
    const lost = this.written.filter(({ id, text }) => !this.seen.has(text) && !kept.includes(text) && !this.#isRemoved(id));
    return [
      ...gone.map((id) => `lost: ${this.made.get(id).domain} ${id}`),
      ...strange.map((id) => `nobody made ${id}`),
      ...lost.map(({ id, text }) => `lost: "${text}" in ${this.made.get(id).domain} ${id}`),
    ];
  }

  /** With a row, what hangs on it is removed. */
  #isRemoved(id) {
    if (!this.made.has(id)) return false;
    const landed = this.#landed(id);
    return this.removed.has(id) || (landed !== id && this.#isRemoved(landed)) || this.#isRemoved(this.made.get(id).parent);
  }

  /** The row that one became: there was one already where there may be but one. */
  #landed(id) {
    const found = this.devices.map(({ store }) => store.twins?.get(id)).find(Boolean);
    return found ?? id;
  }

  /** Every conflict that one of the two sees. */
  async #conflicts() {
    const all = new Map();
    for (const person of this.people) {
      for (let path = "/sync/conflicts/?page_size=200"; path; ) {
        const { conflicts, next } = await person.call("GET", path);
        for (const conflict of conflicts) all.set(conflict.conflict_id, conflict);
        path = next && new URL(next, this.server).pathname.replace(/^\/api/, "") + new URL(next, this.server).search;
      }
    }
    return [...all.values()];
  }
}

const LISTS = Object.values(DOMAINS).map(({ list }) => list);
const PATHS = [{ path: "journal" }, { path: "activity" }, { path: "helpdesk" }];

const shown = (row) => (row ? `version ${row.version} ${JSON.stringify(Object.fromEntries(Object.entries(row.fields).sort()))}` : "nothing");

function isOfTheNetwork(error) {
  return error instanceof Unreachable;
}

/** Two people, paired: their tokens. */
async function couple(server) {
  const call = (path, body, token) => new Tandem(server, token, "").call("POST", path, body);
  const name = crypto.randomUUID().slice(0, 18);
  const account = (who) => call("/auth/register/", { username: `${who}-${name}`, password: "a long pass phrase" });
  const [{ access: ana }, { access: ben }] = [await account("ana"), await account("ben")];
  await call("/couple/create/", {}, ana);
  const { invite: { code } } = await call("/couple/invite/", {}, ana);
  await call("/couple/join/", { code }, ben);
  return [ana, ben];
}
