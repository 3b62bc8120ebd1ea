// A bad network: an HTTP proxy in front of the server, one for each device, that loses requests, loses answers after the work,
// sends twice, refuses and cuts.

import http from "node:http";

/** Of a hundred requests, how many meet what. The rest goes well. */
const WEATHER = [["request lost", 6], ["answer lost", 12], ["twice", 8], ["refused", 5], ["cut", 4]];

/** The fields of an answer that the network hands on. */
const PASSED = ["content-type", "content-encoding", "retry-after", "sync-stamp"];

/** Chance that can be had again (SplitMix64). */
export class Chance {
  constructor(words) {
    this.state = 0n;
    for (const letter of words) this.state = BigInt.asUintN(64, this.state * 31n + BigInt(letter.codePointAt(0)));
  }

  next() {
    this.state = BigInt.asUintN(64, this.state + 0x9e3779b97f4a7c15n);
    let mixed = BigInt.asUintN(64, (this.state ^ (this.state >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  }

  below(end) {
    return Number(this.next() % BigInt(end));
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  uuid() {
    const hex = [this.next(), this.next()].map((part) => part.toString(16).padStart(16, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

/** A network between one device and the server. */
export class Network {
  /** What goes on while a request is on its way: the person edits. */
  meanwhile = null;
  /** Is the next poll to be taken for that of a phone from before a restore? It is told to start over. */
  isOfBefore = false;
  isOnline = false;
  isBad = true;
  /** How many requests there were while it was bad, and of those how many did not go well. */
  requests = 0;
  spoilt = 0;

  constructor(server, chance) {
    this.server = new URL(server);
    this.chance = chance;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    this.proxy = http.createServer((request, answer) => this.#pass(request, answer).catch(() => answer.destroy()));
  }

  async open() {
    await new Promise((opened) => this.proxy.listen(0, "127.0.0.1", opened));
    this.url = `http://127.0.0.1:${this.proxy.address().port}`;
    return this;
  }

  close() {
    this.proxy.closeAllConnections();
    this.proxy.close();
    this.agent.destroy();
  }

  #fate() {
    let drawn = this.isBad ? this.chance.below(100) : 100;
    for (const [fate, share] of WEATHER) {
      if (drawn < share) return fate;
      drawn -= share;
    }
    return "well";
  }

  async #pass(request, answer) {
    const body = await collect(request);
    if (!this.isOnline) return answer.destroy();
    const meanwhile = this.meanwhile;
    this.meanwhile = null;
    await meanwhile?.();
    const fate = this.#fate();
    this.requests += this.isBad;
    this.spoilt += fate !== "well";
    if (fate === "request lost") return answer.destroy();
    if (fate === "refused") return answer.writeHead(503, { "Content-Type": "text/html" }).end("<h1>Service Unavailable</h1>");
    const given = await this.#forward(request, body);
    if (fate === "answer lost") return answer.destroy();
    this.#give(answer, fate === "twice" ? await this.#forward(request, body) : given, fate === "cut");
  }

  #path(path) {
    if (!this.isOfBefore || !path.includes("epoch=")) return path;
    this.isOfBefore = false;
    return path.replace(/epoch=[^&]*/, "epoch=00000000-0000-4000-8000-000000000000");
  }

  #forward(request, body) {
    const { hostname, port } = this.server;
    const { method } = request;
    const path = this.#path(request.url);
    const headers = { ...request.headers, host: this.server.host, connection: "keep-alive", "content-length": body.length };
    delete headers["transfer-encoding"];
    return new Promise((given, failed) => {
      const sent = http.request({ hostname, port, method, path, headers, agent: this.agent });
      sent.on("response", async (answer) => given({ answer, body: await collect(answer) })).on("error", failed).end(body);
    });
  }

  #give(answer, { answer: { statusCode, headers }, body }, isCut) {
    const told = Object.fromEntries(PASSED.filter((name) => headers[name]).map((name) => [name, headers[name]]));
    answer.writeHead(statusCode, statusCode === 204 ? told : { ...told, "Content-Length": body.length });
    if (isCut) answer.write(body.subarray(0, body.length >> 1), () => answer.destroy());
    else answer.end(body);
  }
}

async function collect(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
