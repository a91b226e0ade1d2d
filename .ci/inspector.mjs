// The calls that the project starts from, made through MCP Inspector's
// CLI against the binary given, as a newcomer would make them.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = resolve(process.argv[2]);
const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const inspector = join(dirname(require.resolve('@modelcontextprotocol/inspector/package.json')), 'clients/launcher/build/index.js');

const braintreeCard = {
  payment_method_id: 'braintree.credit_card',
  currency_code: 'USD',
  customer_id: 1,
  instrument: {
    vault_token: '5292sx35', provider_customer_id: '321123', type: 'credit_card', brand: 'visa',
    expiry_year: 26, expiry_month: 11, last_4: '1111', iin: '411111',
  },
  billing_address: {
    first_name: 'Sam', last_name: 'Williams', email: 'sam.williams@email.com', company: 'BigCommerce',
    street_1: '1 Sample Street', street_2: 'Bldg 5', city: 'Austin', state_or_province_code: 'TX',
    country_code: 'US', phone: '101-192-0293', postal_code: '55555',
  },
};

/** Runs one method through the Inspector, which fails when a tool does, and returns its result. */
function inspect(env, era, ...args) {
  const environment = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const { stdout } = spawnSync(process.execPath,
    [inspector, '--cli', binary, ...environment, '--protocol-era', era, '--format', 'json', ...args],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(stdout).result;
}

function call(env, era, tool, args) {
  const result = inspect(env, era, '--method', 'tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(args));
  return { isError: result.isError ?? false, text: JSON.parse(result.content[0].text), structured: result.structuredContent };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function startStore() {
  const url = `http://127.0.0.1:${await freePort()}`;
  const store = spawn(binary, ['sandbox', '--addr', url.slice('http://'.length)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(store.stdout, 'data');
  return { url, stop: () => store.kill() };
}

const sandbox = { BIGCOMMERCE_SANDBOX: 'true' };
for (const era of ['legacy', 'modern']) {
  const { tools } = inspect(sandbox, era, '--method', 'tools/list', '--strict');
  assert.ok(tools.some(({ name }) => name === 'create_payment_access_token'));
  assert.ok(tools.some(({ name }) => name === 'bulk_import_instruments'));

  const minted = call(sandbox, era, 'create_payment_access_token', { order_id: 123456, is_recurring: true });
  assert.equal(minted.isError, false);
  assert.deepEqual(minted.text, minted.structured);
  assert.deepEqual(minted.text.store, { hash: 'sandbox', mode: 'sandbox' });
  assert.match(minted.text.token, /^eyJ/);
  assert.equal(minted.text.is_recurring, true);

  const imported = call(sandbox, era, 'bulk_import_instruments', { instruments: [braintreeCard] });
  assert.equal(imported.isError, false);
  assert.equal(imported.text.status, 'completed');
  assert.equal(imported.text.imported, 1);

  const refused = call(sandbox, era, 'create_payment_access_token', { order_id: 0 });
  assert.equal(refused.isError, true);
  assert.equal(refused.structured, undefined);
  assert.equal(refused.text.error.code, 'invalid_arguments');
  assert.equal(refused.text.error.details.violations[0].pointer, '/order_id');
  const methods = call(sandbox, era, 'list_import_payment_methods', { currency_code: 'USD' });
  assert.ok(methods.structured.payment_methods.some(({ payment_method_id: id }) => id === 'braintree.credit_card'));
  assert.deepEqual(call(sandbox, era, 'list_stored_instruments', {}).structured.instruments, []);
  assert.ok(call(sandbox, era, 'list_payment_methods', { order_id: 1 }).structured.payment_methods.length > 0);

  const prompt = inspect(sandbox, era, '--method', 'prompts/get', '--prompt-name', 'migrate_vaulted_instruments',
    '--prompt-args', 'gateway=braintree', 'file=vault.csv', 'currency=USD');
  assert.match(prompt.messages[0].content.text, /list_import_payment_methods with currency_code USD/);
  console.log(`${era}: tools and prompt work through MCP Inspector`);
}

const store = await startStore();
try {
  const live = {
    BIGCOMMERCE_API_URL: store.url, BIGCOMMERCE_STORE_HASH: 'sandbox', BIGCOMMERCE_ACCESS_TOKEN: 'sandbox-token',
    BIGCOMMERCE_STATE_DIR: mkdtempSync(join(tmpdir(), 'state-')),
  };
  assert.equal(call(live, 'legacy', 'bulk_import_instruments', { instruments: [braintreeCard] }).text.imported, 1);
  const stored = await (await fetch(`${store.url}/_sandbox/instruments`)).json();
  assert.equal(stored.length, 1);
  assert.deepEqual(stored[0].sent, braintreeCard);
  console.log('over --api-url: the store received exactly the row given');

  const files = { ...live, BIGCOMMERCE_IMPORT_DIR: join(here, '../examples') };
  const plan = call(files, 'legacy', 'bulk_import_instruments', { file: 'cards.csv' }).text;
  assert.equal(plan.status, 'planned');
  const done = call(files, 'legacy', 'bulk_import_instruments', { plan_id: plan.plan_id }).text;
  assert.equal(done.status, 'completed');
  assert.equal(done.imported, plan.remaining);
  const again = call(files, 'legacy', 'bulk_import_instruments', { file: 'cards.csv' }).text;
  assert.equal(again.already_imported, plan.remaining);
  console.log('a file: planned, imported, and already in the second time');
} finally {
  store.stop();
}
