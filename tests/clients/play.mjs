// Plays histories of every engine and policy on every server, and says what differs in the end.
//
//   node play.mjs fastcgi-sqlite=http://127.0.0.1:8080 …

import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { History } from "./history.mjs";
import { Queue } from "./queue.mjs";
import { Rx } from "./rx.mjs";
import { Watermelon } from "./watermelon.mjs";

const ENGINES = { queue: Queue, rxdb: Rx, watermelondb: Watermelon };
const POLICIES = ["client_wins", "server_wins", "most_recent_wins", "preserve_escalation", "manual"];
/** Threads that play: while one waits for the disk, another goes on. RxDB allows 16 collections in one. */
const TOGETHER = 3;

/** All histories, the first seed of each before the second of any. */
function histories(places, seeds, words) {
  const all = Array.from({ length: seeds }, (_, n) => places.map((place) => {
    const [where, server] = place.split("=");
    const name = (engine, policy) => `${engine} ${policy} ${where} seed-${n + 1}`;
    return Object.keys(ENGINES).map((engine) => POLICIES.map((policy) => ({ engine, policy, server, name: name(engine, policy) })));
  }));
  return all.flat(3).filter(({ name }) => words.every((word) => name.split(" ").includes(word)));
}

async function play(seeds) {
  const left = histories(process.argv.slice(2), seeds, (process.env.ONLY ?? "").split(" ").filter(Boolean));
  const [count, begin, sums, failed] = [left.length, Date.now(), {}, []];
  const told = ({ name, differs, figures, milliseconds }) => {
    if (process.env.VERBOSE) console.log(`${name}: ${milliseconds} ms, ${JSON.stringify(figures)}`);
    for (const [figure, value] of Object.entries(figures)) sums[figure] = (sums[figure] ?? 0) + value;
    if (differs.length) failed.push(name);
    if (differs.length) console.log(`FAILED ${name}\n  ${differs.join("\n  ")}\n  Again: SEEDS=${seeds} ONLY='${name}' tests/run clients`);
  };
  await Promise.all(Array.from({ length: Math.min(TOGETHER, count) }, () => new Promise((done) => {
    const thread = new Worker(new URL(import.meta.url));
    const next = () => (left.length ? thread.postMessage(left.shift()) : thread.terminate().then(done));
    thread.on("message", (end) => (told(end), next()));
    next();
  })));
  console.log(`${count} histories in ${Math.round((Date.now() - begin) / 1000)} s, ${failed.length} failed: ${JSON.stringify(sums)}`);
  // Where nothing was played, a word of ONLY is wrong; where nobody met anybody, nothing was tried.
  process.exit(failed.length || !count || (!process.env.ONLY && !sums.conflicts) ? 1 : 0);
}

if (isMainThread) {
  await play(Number(process.env.SEEDS ?? 1));
} else {
  parentPort.on("message", async (one) => {
    const [history, start] = [new History({ ...one, engine: ENGINES[one.engine] }), Date.now()];
    const differs = await history.play().catch((error) => [error.stack]);
    parentPort.postMessage({ name: one.name, differs, figures: history.figures, milliseconds: Date.now() - start });
  });
}
