// Opens Tandem's pages in Chromium, as a person does, and fails when one of them does not work.
//
//   node browse.mjs http://127.0.0.1:8080 TOKEN USERNAME INSTALL.html PASSWORD
//
// GraphiQL comes from a CDN. Here its files come from the npm packages of the versions that the page names, so that the
// browser holds them to the page's hashes, and nothing leaves the machine.
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const CDN = 'https://cdn.jsdelivr.net/npm/';
const TYPES = { css: 'text/css', js: 'text/javascript' };
// A small phone and a desktop, in CSS pixels.
const WIDTHS = [360, 1280];
// A test that hangs is a test that failed, in milliseconds.
const PATIENCE = 20_000;
const [base, token, username, install, password] = process.argv.slice(2);

const faults = [];
const check = (holds, words) => {
  console.log(`${holds ? '  ok ' : 'FAIL '} ${words}`);
  if (!holds) faults.push(words);
};

// The file of a URL of the CDN, NAME@VERSION/PATH, from the package of exactly that version.
async function fromPackage(url) {
  const [, name, version, path] = url.slice(CDN.length).match(/^([^@]+)@([^/]+)\/(.+)$/);
  const folder = new URL(`./node_modules/${name}/`, import.meta.url);
  const installed = JSON.parse(await readFile(new URL('package.json', folder))).version;
  if (installed !== version) throw new Error(`the page asks for ${name} ${version}, tests/browser/package.json has ${installed}`);
  return readFile(fileURLToPath(new URL(path, folder)));
}

// A page of its own; what it complains about and what it asks for elsewhere. `spoil` changes what the CDN gives; by `null`
// it gives nothing, as without the Internet.
async function open(browser, options, spoil = (body) => body) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const seen = { complaints: [], elsewhere: [], fetched: [] };
  page.on('console', (message) => message.type() === 'error' && seen.complaints.push(message.text()));
  page.on('pageerror', (error) => seen.complaints.push(error.message));
  await context.route(
    (url) => url.protocol.startsWith('http') && url.origin !== base,
    async (route) => {
      const url = route.request().url();
      if (!url.startsWith(CDN)) {
        seen.elsewhere.push(url);
        return route.abort();
      }
      seen.fetched.push(url);
      const headers = { 'access-control-allow-origin': '*', 'content-type': TYPES[url.split('.').pop()] };
      const body = spoil(await fromPackage(url), url);
      return body === null ? route.abort() : route.fulfill({ headers, body });
    },
  );
  return { context, page, seen };
}

// Writes into one of GraphiQL's editors as a keyboard does.
async function write(page, editor, text) {
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
}

async function graphiql(browser) {
  const { context, page, seen } = await open(browser, {});
  const answer = await page.goto(`${base}/api/graphql/`);
  const policy = answer.headers()['content-security-policy'] ?? '';
  check(answer.status() === 200 && policy.includes("default-src 'none'"), 'GraphiQL: the page, with a policy');
  // Before there is a token, GraphiQL asks for the schema and is refused: a browser shows that as an error.
  const refused = (words) => words.includes('401 (Unauthorized)');
  await page.getByRole('button', { name: 'Headers' }).click();
  await write(page, page.locator('.graphiql-editor-tool .graphiql-editor:visible'), `{"Authorization": "Bearer ${token}"}`);
  await write(page, page.locator('.graphiql-query-editor .graphiql-editor'), '{ me { id username } }');
  await page.getByRole('button', { name: /execute/i }).click();
  const result = page.locator('.result-window');
  const shown = await result.filter({ hasText: username }).waitFor().then(() => true, () => false);
  check(shown, `GraphiQL: a query typed and run is answered: ${(await result.innerText()).replace(/\s+/g, ' ').slice(0, 80)}`);
  check(seen.fetched.length === 4, `GraphiQL: ${seen.fetched.length} files of the CDN, as their hashes say`);
  const complaints = seen.complaints.filter((words) => !refused(words));
  check(complaints.length === 0, `GraphiQL: no complaint of the browser ${complaints.join('; ')}`);
  check(seen.elsewhere.length === 0, `GraphiQL: nothing is asked of other sites ${seen.elsewhere.join(' ')}`);
  const blocked = await page.evaluate(() => new Promise((resolve) => {
    addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
    document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.foreign = 1' }));
    fetch('https://elsewhere.example/').catch(() => setTimeout(resolve, 1000, 'nothing'));
  }));
  check(blocked !== 'nothing' && (await page.evaluate(() => window.foreign)) === undefined, `GraphiQL: foreign scripts are blocked by ${blocked}`);
  check(seen.elsewhere.length === 0, 'GraphiQL: other sites are out of its reach');
  await context.close();
}

// One byte more, and the browser does not run it.
async function spoilt(browser) {
  const spoil = (body, url) => (url.endsWith('graphiql.min.js') ? Buffer.concat([body, Buffer.from(' ')]) : body);
  const { context, page, seen } = await open(browser, {}, spoil);
  await page.goto(`${base}/api/graphql/`);
  const refused = seen.complaints.some((words) => words.includes('integrity'));
  check(refused && (await page.locator('.graphiql-container').count()) === 0, 'GraphiQL: another file of the CDN than the pinned one is refused');
  await context.close();
}

// The pages behind links of mails: each sends the token of the link's fragment, and says what it is answered.
const LINKS = [
  ['reset', async (page) => page.getByLabel('New password').fill('seven purple kites')],
  ['verify', async () => {}],
];

async function wornOut(browser, [name, fill]) {
  for (const width of WIDTHS) {
    const { context, page, seen } = await open(browser, { viewport: { width, height: 800 } });
    await page.goto(`${base}/api/${name}/#token=worn-out`);
    await fill(page);
    await page.getByRole('button').click();
    const told = await page.getByText('ask for a new one').waitFor().then(() => true, () => false);
    const { out } = await page.evaluate(overflowing);
    check(told && out.length === 0, `${name}: a link that is worn out is told at ${width} px, nothing sticks out ${out.join('; ')}`);
    const complaints = seen.complaints.filter((words) => !words.includes('400 (Bad Request)'));
    check(complaints.length + seen.elsewhere.length === 0, `${name}: no complaint of the browser ${complaints.join('; ')}`);
    await context.close();
  }
}

// The page behind a QR: it lets the device in that shows the code, for whoever signs in and types its digits.
async function link(browser) {
  const ask = async (path, body) => {
    const headers = { 'Content-Type': 'application/json' };
    return (await fetch(`${base}/api/auth/device/${path}/`, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  };
  for (const width of WIDTHS) {
    const codes = await ask('code', { device: { device_id: `browser-${width}`, name: 'A new tablet', type: 'tablet' } });
    const { context, page, seen } = await open(browser, { viewport: { width, height: 800 } });
    await page.goto(codes.verification_uri_complete);
    await page.getByLabel('user name').fill(username);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Look' }).click();
    const told = await page.getByText('A new tablet (tablet) asked').waitFor().then(() => true, () => false);
    const { out } = await page.evaluate(overflowing);
    check(told && out.length === 0, `a new device is shown at ${width} px, nothing sticks out ${out.join('; ')}`);
    await page.getByLabel('two digits').fill(codes.match);
    await page.getByRole('button', { name: 'Let it in' }).click();
    const done = await page.getByText('Done.').waitFor().then(() => true, () => false);
    const { token_type } = await ask('token', { device_code: codes.device_code });
    check(done && token_type === 'Bearer', 'the page lets a new device in');
    check(seen.complaints.length + seen.elsewhere.length === 0, `the page of a QR: no complaint of the browser ${seen.complaints.join('; ')}`);
    await context.close();
  }
}

async function offline(browser) {
  const { context, page } = await open(browser, { viewport: { width: WIDTHS[0], height: 800 } }, () => null);
  const broken = [];
  page.on('pageerror', (error) => broken.push(error.message));
  await page.goto(`${base}/api/graphql/`);
  const told = await page.getByText('does not work without the Internet').isVisible();
  check(told && broken.length === 0, `GraphiQL: without the Internet the page says so ${broken.join('; ')}`);
  const { out } = await page.evaluate(overflowing);
  check(out.length === 0, `GraphiQL: without the Internet nothing sticks out ${out.join('; ')}`);
  await context.close();
}

// What sticks out of the page, or of the picture that it stands in.
function overflowing() {
  const out = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) out.push(`the page is ${root.scrollWidth} wide`);
  for (const element of document.body.querySelectorAll('*')) {
    const box = element.getBoundingClientRect();
    if (box.right > root.clientWidth + 1 && !element.closest('pre, svg')) out.push(`<${element.localName}> ${element.textContent.trim().slice(0, 40)}`);
  }
  for (const picture of document.querySelectorAll('svg[role=img]')) {
    const frame = picture.getBoundingClientRect();
    if (frame.width < 200 || frame.height < 40) out.push(`${picture.ariaLabel}: ${frame.width} × ${frame.height}`);
    for (const part of picture.querySelectorAll('text, use, rect')) {
      const box = part.getBoundingClientRect();
      const inside = box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
      if (!inside || box.width === 0) out.push(`${picture.ariaLabel}: ${part.localName} ${part.textContent}`);
    }
  }
  return { out, pictures: document.querySelectorAll('svg[role=img]').length };
}

async function instructions(browser) {
  for (const width of WIDTHS) {
    const { context, page, seen } = await open(browser, { viewport: { width, height: 800 }, isMobile: width < 600, hasTouch: width < 600 });
    await page.goto(pathToFileURL(install).href);
    for (const summary of await page.locator('summary').all()) await summary.click();
    const { out, pictures } = await page.evaluate(overflowing);
    check(out.length === 0 && pictures > 0, `INSTALL at ${width} px: ${pictures} pictures, nothing sticks out ${out.join('; ')}`);
    check(seen.elsewhere.length + seen.fetched.length + seen.complaints.length === 0, `INSTALL at ${width} px: nothing is fetched`);
    await context.close();
  }
}

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: quiet, timeout: PATIENCE });
try {
  await graphiql(browser);
  await spoilt(browser);
  for (const link of LINKS) await wornOut(browser, link);
  await link(browser);
  await offline(browser);
  await instructions(browser);
} finally {
  await browser.close();
}
process.exit(faults.length === 0 ? 0 : 1);
