// What every adapter needs of Tandem's API: one poll, one upload, and what changed in a row (docs/client.md).

import { createHash, randomUUID } from "node:crypto";

/** The app's tables: their name in uploads, their list in the feed, and their columns. */
export const DOMAINS = {
  journal: { list: "journal", columns: { title: "string", content: "string", mood: "string" } },
  task: { list: "tasks", columns: { jobdesc: "string", priority: "string", jobstatus: "string", remarks: "string" } },
  ticket: { list: "tickets", columns: { ticketdesc: "string", status: "string", comments: "string", escalation_level: "number" } },
};

/** Nothing came of a call, or nobody knows what: it may be made again as it was. */
export class Unreachable extends Error {}

/** The server under one user's token, from one device. */
export class Tandem {
  /** Another one after each answer. */
  #nonce = randomUUID();
  /** How many changes a page of a poll has. */
  pageSize = 200;

  constructor(url, token, device) {
    Object.assign(this, { url, token, device });
  }

  async call(method, path, body, key) {
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" };
    if (key) headers["Idempotency-Key"] = key;
    let status, text;
    try {
      const answer = await fetch(`${this.url}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
      status = answer.status;
      text = await answer.text();
    } catch (error) {
      throw new Unreachable(`${method} ${path}: ${error.cause?.code ?? error.message}`);
    }
    if (status >= 500 || status === 429 || status === 409) throw new Unreachable(`${method} ${path}: ${status}`);
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text);
  }

  /** Everything since a cursor: `told` has, by list and id, each object as it is now, null where it was deleted. */
  async poll(lists, cursor) {
    let { since = "1970-01-01", epoch } = cursor ?? {};
    let told, isReset = false;
    for (;;) {
      const query = new URLSearchParams({ since, kinds: lists.join(), include: "objects", limit: this.pageSize, ...(epoch && { epoch }) });
      const page = await this.call("GET", `/v2/sync/changes/?${query}`);
      if (page.reset || !told) told = Object.fromEntries(lists.map((list) => [list, new Map()]));
      isReset ||= page.reset;
      for (const list of lists) for (const change of page.changes[list] ?? []) told[list].set(change.id, change.deleted ? null : change.object);
      ({ server_time: since, epoch } = page);
      if (!page.has_more) return { isReset, told, cursor: { since, epoch } };
    }
  }

  /** An upload. Its key is made of what it says, so that an engine that makes it anew until it is answered sends the same one again;
   * after an answer it is another one, since an item that is `retryable` would be given that answer again. */
  upload(records) {
    const key = createHash("sha256").update(JSON.stringify([this.#nonce, records])).digest("hex");
    return { idempotency_key: key, device_id: this.device, client_timestamp: new Date().toISOString(), records };
  }

  /** Sends an upload; what became of each record stands in `items` and `errors`. */
  async send(upload) {
    const answer = await this.call("POST", "/v1/sync/batch/", upload);
    this.#nonce = randomUUID();
    return answer.records_sync_result;
  }
}

/** An object's own fields, those that are set. */
export function fieldsOf(domain, object) {
  const names = Object.keys(DOMAINS[domain].columns).filter((name) => object[name] !== null && object[name] !== undefined);
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
