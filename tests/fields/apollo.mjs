// Reads what GraphQL warns of, and what it says of a field that is gone, by the client that apps use: @apollo/client.
//
//   node apollo.mjs BASE ANNA.json
//
// The server announced that Goal.title and the argument `first` of Query.goals go, and Goal.whyForUs is gone. The file says who calls, as
// `tandem demo --json` prints it.

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { tap } from "rxjs";

const [base, anna] = process.argv.slice(2);
const [{ access }] = JSON.parse(readFileSync(anna));

const warned = [];
/** As an app would report them: what the answer's extensions warn of, beside the data, which stays what it is. */
const reader = new ApolloLink((operation, forward) =>
  forward(operation).pipe(tap(({ extensions }) => warned.push(...(extensions?.deprecationWarnings ?? [])))));
const http = new HttpLink({ uri: `${base}/api/graphql/`, headers: { authorization: `Bearer ${access}` } });
const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([reader, http]) });

const ask = (query) => client.query({ query, fetchPolicy: "network-only", errorPolicy: "all" });

const quiet = await ask(gql`{ goals { nodes { id } } }`);
assert.equal(quiet.error, undefined);
assert.ok(quiet.data.goals.nodes.length > 0);
assert.deepEqual(warned, []);

const { data, error } = await ask(gql`query Titles($n: Int) { goals(first: $n) { nodes { id heading: title } } again: goals { nodes { id title } } }`);
assert.equal(error, undefined);
assert.ok(data.again.nodes.every(({ title }) => typeof title === "string" && title), JSON.stringify(data));
assert.deepEqual(warned.map(({ field }) => field).sort(), ["Goal.title", "Query.goals(first:)"], "each once");
const title = warned.find(({ field }) => field === "Goal.title");
assert.equal(title.replacement, "Goal.id");
assert.ok(title.message && !Number.isNaN(Date.parse(title.sunset)), JSON.stringify(title));

const gone = await ask(gql`{ goals { nodes { id whyForUs } } }`);
assert.ok(CombinedGraphQLErrors.is(gone.error), String(gone.error));
const [first] = gone.error.errors;
assert.equal(first.extensions.code, "SUNSET");
assert.equal(first.path.at(-1), "whyForUs");

// A mutation is warned of what its answer names, and is done.
warned.length = 0;
const key = crypto.randomUUID();
const SEND = gql`mutation Send($key: String!) { syncVoiceData(deviceId: "phone", idempotencyKey: $key, data: []) { syncedItems } }`;
const sent = await client.mutate({ mutation: SEND, variables: { key }, errorPolicy: "all" });
assert.equal(sent.error, undefined, String(sent.error));
assert.deepEqual(warned.map(({ field }) => field), ["Mutation.syncVoiceData"]);
console.log(`@apollo/client: 3 warnings read, ${gone.error.errors.length} errors of what is gone`);
