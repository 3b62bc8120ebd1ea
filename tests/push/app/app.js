// An app in a browser that subscribes as docs/client.md says. It tells the test what it does, faults as well.
const told = (what, more = {}) => fetch('/told', { method: 'POST', body: JSON.stringify({ what, ...more }) });
const session = await (await fetch('/session.json')).json();

async function call(method, path, body) {
  const headers = { Authorization: `Bearer ${session.access}`, 'Content-Type': 'application/json' };
  const answer = await fetch(session.api + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function subscribe(registration) {
  const { webpush, application_server_key: applicationServerKey } = await call('GET', '/push/');
  if (!webpush) throw new Error('the site sends no wake-ups');
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  const made = await call('POST', '/push/subscriptions/', { device_id: session.device, visible: true, ...subscription.toJSON() });
  await told('subscribed', { subscription: made, permission: Notification.permission });
}

async function leave(registration) {
  const subscription = await registration.pushManager.getSubscription();
  await told('left', { gone: await subscription.unsubscribe() });
}

try {
  await navigator.serviceWorker.register('/sw.js');
  const registration = await navigator.serviceWorker.ready;
  await (location.search === '?leave' ? leave : subscribe)(registration);
} catch (fault) {
  await told('fault', { fault: `${fault}` });
}
