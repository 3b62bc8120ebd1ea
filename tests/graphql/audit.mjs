// Audits a server by the rules of GraphQL over HTTP and fails unless all are met, the SHOULDs and MAYs too.
//
//   node audit.mjs http://127.0.0.1:8080/api/graphql/ TOKEN
import { auditServer } from 'graphql-http';

const AUDITS = 61;
const [url, token] = process.argv.slice(2);
const fetchFn = (input, init) => fetch(input, { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` } });

const results = await auditServer({ url, fetchFn });
const unmet = results.filter((result) => result.status !== 'ok');
for (const { id, name, status, reason } of unmet) {
  console.log(`${status} ${id} ${name}: ${reason}`);
}
console.log(`${results.length - unmet.length} of ${results.length} audits are met`);
process.exit(unmet.length === 0 && results.length === AUDITS ? 0 : 1);
