// What the browser wakes: it gives the code of a subscription back, and shows what the partner wrote.
const told = (what, more = {}) => fetch('/told', { method: 'POST', body: JSON.stringify({ what, ...more }) });

async function call(session, method, path, body) {
  const headers = { Authorization: `Bearer ${session.access}`, 'Content-Type': 'application/json' };
  const answer = await fetch(session.api + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function verify(session, message) {
  const subscription = await call(session, 'POST', `/push/subscriptions/${message.subscription}/verify/`, { code: message.code });
  await told('verified', { message, subscription });
}

async function show(session, message) {
  const poll = await call(session, 'GET', `/sync/changes/?since=${encodeURIComponent(session.since)}&include=objects`);
  const body = poll.changes.qna_questions.at(-1).object.text;
  await self.registration.showNotification('A new question', { body, tag: message.code });
  // As the browser itself tells what it shows.
  const shown = (await self.registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }));
  await told('shown', { message, shown, pages: (await self.clients.matchAll({ includeUncontrolled: true })).length });
}

async function woken(event) {
  try {
    const message = event.data.json();
    const session = await (await fetch('/session.json')).json();
    await (message.type === 'verify' ? verify : show)(session, message);
  } catch (fault) {
    await told('fault', { fault: `${fault}` });
  }
}

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('push', (event) => event.waitUntil(woken(event)));
