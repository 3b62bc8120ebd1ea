// What every adapter needs of Tandem's API: one poll, one upload, and what changed in a row (docs/client.md).

import { createHash, randomUUID } from "node:crypto";

/** The app's tables: their name in uploads, their list in the feed, and their columns. */
export const DOMAINS = {
  journal: { list: "journal", columns: { title: "string", content: "string", mood: "string" } },
  task: { list: "tasks", columns: { jobdesc: "string", priority: "string", jobstatus: "string", remarks: "string" } },
  ticket: { list: "tickets", columns: { ticketdesc: "string", status: "string", comments: "string", escalation_level: "number" } },
};

/** What a couple has: its list in the feed, its columns, where one is, and where one is made. `parent`: the column that names what it
 * hangs on, and that table; with a goal its actions are deleted, with a question its answers. */
export const COUPLE = {
  goal: { list: "goals", path: "/goals/", makes: () => "/goals/", columns: { title: "string", why_for_us: "string", status: "string" } },
  goal_action: {
    list: "goal_actions",
    path: "/goals/actions/",
    makes: ({ goal_id }) => `/goals/${goal_id}/actions/`,
    columns: { goal_id: "string", text: "string", done: "boolean" },
    parent: ["goal_id", "goal"],
  },
  question: { list: "qna_questions", path: "/qna/questions/", makes: () => "/qna/questions/", columns: { text: "string", theme: "string" } },
  // An answer has no route of its own: its question shows it, and whoever writes a second one changes the first.
  answer: {
    list: "qna_answers",
    makes: ({ question_id }) => `/qna/questions/${question_id}/answer/`,
    columns: { question_id: "string", status: "string", text: "string" },
    parent: ["question_id", "question"],
  },
  checkin: { list: "checkins", path: "/checkins/", makes: () => "/checkins/", columns: { date: "string", mood: "number", note: "string" } },
  letter: { list: "letters", path: "/letters/", makes: () => "/letters/", columns: { month: "string", content: "string" } },
};

/** Nothing came of a call, or nobody knows what: it may be made again as it was. */
export class Unreachable extends Error {}

/** A call was refused, and would be again. */
export class Refused extends Error {
  constructor(what, status, text) {
    super(`${what}: ${status} ${text}`);
    this.status = status;
    this.problem = JSON.parse(text);
  }
}

/** The server under one user's token, from one device. */
export class Tandem {
  /** Another one after each answer. */
  #nonce = randomUUID();
  /** How many changes a page of a poll has. */
  pageSize = 200;
  /** The stamps of what the last answer has written. */
  stamps = [];

  constructor(url, token, device) {
    Object.assign(this, { url, token, device });
  }

  async call(method, path, body, key, more) {
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json", ...more };
    if (key) headers["Idempotency-Key"] = key;
    let status, text, retryAfter, stamps;
    try {
      const answer = await fetch(`${this.url}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
      status = answer.status;
      retryAfter = answer.headers.get("Retry-After");
      stamps = (answer.headers.get("Sync-Stamp") ?? "").split(", ").filter(Boolean);
      text = await answer.text();
    } catch (error) {
      throw new Unreachable(`${method} ${path}: ${error.cause?.code ?? error.message}`);
    }
    const isBusy = status === 409 && retryAfter !== null;
    if (status >= 500 || status === 429 || status === 408 || isBusy) throw new Unreachable(`${method} ${path}: ${status}`);
    if (status >= 400) throw new Refused(`${method} ${path}`, status, text);
    this.stamps = stamps;
    return text ? JSON.parse(text) : null;
  }

  /** Everything since a cursor: `told` has, by list and id, each object as it is now, null where it was deleted. A new start comes in
   * pages by key; what was changed meanwhile, a poll from their `server_time` tells. Of what the stamps in `own` wrote, which the phone
   * holds, it is not told. */
  async poll(lists, cursor, own = []) {
    let { since = "1970-01-01", epoch } = cursor ?? {};
    let told, isReset = false, after = "start";
    for (;;) {
      const more = { ...(epoch && { epoch }), ...(own.length && { own: own.join() }) };
      const query = new URLSearchParams({ since, after, kinds: lists.join(), include: "objects", limit: this.pageSize, ...more });
      const page = await this.call("GET", `/v2/sync/changes/?${query}`);
      if (page.reset || !told) told = Object.fromEntries(lists.map((list) => [list, new Map()]));
      isReset ||= page.reset;
      for (const list of lists) for (const change of page.changes[list] ?? []) told[list].set(change.id, change.deleted ? null : change.object);
      const isOfStart = page.reset || after !== "start";
      epoch = page.epoch;
      after = page.next ?? "start";
      if (!page.next) since = page.server_time;
      if (!page.has_more && !isOfStart) return { isReset, told, cursor: { since, epoch } };
    }
  }

  /** An upload. Its key is made of what it says, so that an engine that makes it anew until it is answered sends the same one again;
   * after an answer it is another one, since an item that is `retryable` would be given that answer again. With the epoch that the
   * phone knows, nothing of it is done where the store was put back to a backup since. */
  upload(records, epoch) {
    const key = createHash("sha256").update(JSON.stringify([this.#nonce, records])).digest("hex");
    return { idempotency_key: key, device_id: this.device, client_timestamp: new Date().toISOString(), epoch, records };
  }

  /** Sends an upload; what became of each record stands in `items` and `errors`. */
  async send(upload) {
    const answer = await this.call("POST", "/v1/sync/batch/", upload);
    this.#nonce = randomUUID();
    return answer.records_sync_result;
  }
}

/** What hangs on the rows of a table: tables, and their columns that name the row. */
export function childrenOf(tables, domain) {
  return Object.entries(tables).flatMap(([child, { parent }]) => (parent?.[1] === domain ? [[child, parent[0]]] : []));
}

/** An object's own fields, those that are set. */
export function fieldsOf(domain, object) {
  const names = Object.keys((DOMAINS[domain] ?? COUPLE[domain]).columns).filter((name) => object[name] !== null && object[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}

/** What changed from one state of a row to another; null says that a field was cleared. */
export function changed(from, to) {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((name) => from[name] !== to[name]);
  return Object.fromEntries(names.map((name) => [name, to[name] ?? null]));
}

/** A row with changes laid over it. */
export function laid(fields, changes) {
  return Object.fromEntries(Object.entries({ ...fields, ...changes }).filter(([, value]) => value !== null));
}

/** A row's edits as an item of an upload; `base` is the server's record that they began with, if there is one. */
export function itemOf(domain, id, base, fields, editedAt) {
  const operation = fields === null ? "DELETE" : base ? "UPDATE" : "CREATE";
  const item = { domain, mobile_id: id, operation, version: base?.version ?? 0, data: fields ? changed(base?.fields ?? {}, fields) : {} };
  if (base) item.base_data = base.fields;
  if (editedAt) item.client_timestamp = editedAt;
  return item;
}
