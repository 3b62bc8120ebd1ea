// Plays histories of every engine and policy on every server, and says what differs in the end.
//
//   node play.mjs fastcgi-sqlite=http://127.0.0.1:8080=OPERATOR …
//
// OPERATOR calls the program `tandem` on that store.

import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { Calls } from "./calls.mjs";
import { History } from "./history.mjs";
import { Nouns, Queue } from "./queue.mjs";
import { Rx } from "./rx.mjs";
import { Watermelon } from "./watermelon.mjs";

const ENGINES = { queue: Queue, nouns: Nouns, rxdb: Rx, watermelondb: Watermelon, calls: Calls };
/** Calls of the couple's routes name the version that they are for: there is nothing to settle. */
const UNSETTLED = ["if-match"];
const POLICIES = ["client_wins", "server_wins", "most_recent_wins", "preserve_escalation", "manual"];
/** Threads that play: while one waits for the disk, another goes on. RxDB allows 16 collections in one. */
const TOGETHER = 3;

/** All histories, the first seed of each before the second of any. Where stores are restored, a policy an engine is enough. */
function histories(places, seeds, words) {
  const of = (place, n) => {
    const [where, server, operator] = place.split("=");
    const isRestored = where.startsWith("restored-");
    return Object.keys(ENGINES).flatMap((engine, number) => {
      const some = ENGINES[engine].isSettled ? POLICIES : UNSETTLED;
      const policies = isRestored ? [some[(n + number) % some.length]] : some;
      return policies.map((policy) => ({ name: `${engine} ${policy} ${where} seed-${n + 1}`, engine, policy, server, operator: isRestored ? operator : null }));
    });
  };
  const all = Array.from({ length: seeds }, (_, n) => places.flatMap((place) => of(place, n))).flat();
  return all.filter(({ name }) => words.every((word) => name.split(" ").includes(word)));
}

async function play(seeds) {
  const all = histories(process.argv.slice(2), seeds, (process.env.ONLY ?? "").split(" ").filter(Boolean));
  const [count, begin, sums, failed] = [all.length, Date.now(), {}, []];
  const told = ({ name, differs, figures, milliseconds }) => {
    if (process.env.VERBOSE) console.log(`${name}: ${milliseconds} ms, ${JSON.stringify(figures)}`);
    for (const [figure, value] of Object.entries(figures)) sums[figure] = (sums[figure] ?? 0) + value;
    if (differs.length) failed.push(name);
    if (differs.length) console.log(`FAILED ${name}\n  ${differs.join("\n  ")}\n  Again: SEEDS=${seeds} ONLY='${name}' tests/run clients`);
  };
  await onThreads(TOGETHER, all.filter(({ operator }) => !operator), told);
  // A restore is everybody's who uses the store.
  await onThreads(1, all.filter(({ operator }) => operator), told);
  console.log(`${count} histories in ${Math.round((Date.now() - begin) / 1000)} s, ${failed.length} failed: ${JSON.stringify(sums)}`);
  // Where nothing was played, a word of ONLY is wrong; where nobody met anybody, nothing was tried.
  process.exit(failed.length || !count || (!process.env.ONLY && !sums.conflicts) ? 1 : 0);
}

async function onThreads(count, left, told) {
  await Promise.all(Array.from({ length: Math.min(count, left.length) }, () => new Promise((done) => {
    const thread = new Worker(new URL(import.meta.url));
    const next = () => (left.length ? thread.postMessage(left.shift()) : thread.terminate().then(done));
    thread.on("message", (end) => (told(end), next()));
    next();
  })));
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
