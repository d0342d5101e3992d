import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLoadingApp } from './app.js';
import { DIALECTS } from './dialects.js';
import { Page } from './page.js';
import { SERVER_DEFAULTS } from './settings.js';
import { testServer } from './testing/app.js';

const HTML = '<!doctype html><title>Outrider</title>';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), HTML);
  writeFileSync(join(folder, 'assets/main-abc.js'), 'void 0;');
  writeFileSync(join(folder, 'assets/main-abc.js.map'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

const served = () => testServer({ page: new Page(folder), settings: { apiKeys: ['secret'] } });

describe('the page', () => {
  test('is served without a key, under a policy that lets nothing else in', async () => {
    const { get } = served();
    const response = await get('/');
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(HTML);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await get('/v1/models')).status).toBe(401);
  });

  test('is asked for again, while files with a hash in their names are kept', async () => {
    const { get } = served();
    const html = await get('/');
    expect(html.headers.get('cache-control')).toBe('no-cache');
    const etag = html.headers.get('etag')!;
    const again = await get('/', { 'if-none-match': `"other", W/${etag}` });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const script = await get('/assets/main-abc.js');
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  test('comes packed to those who can unpack it', async () => {
    const packed = await served().get('/', { 'accept-encoding': 'br, gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(new Uint8Array(await packed.arrayBuffer())).toString()).toBe(HTML);
  });

  test('has no files but its own', async () => {
    const { get } = served();
    const key = { authorization: 'Bearer secret' };
    expect((await get('/assets/main-abc.js.map', key)).status).toBe(404);
    expect((await get('/assets/..%2findex.html', key)).status).toBe(404);
    expect((await get('/assets/main-abc.js.map')).status).toBe(401);
  });

  test('is there while the models are being loaded', async () => {
    const app = createLoadingApp(SERVER_DEFAULTS, DIALECTS, new Page(folder));
    expect(await (await app.request('/')).text()).toBe(HTML);
    expect((await app.request('/health')).status).toBe(503);
  });

  test('says that it was not built', async () => {
    const { get } = testServer({ page: new Page(join(folder, 'nowhere')) });
    const response = await get('/');
    expect(response.headers.get('content-type')).toMatch('text/plain');
    expect(await response.text()).toContain('npm run build');
  });
});
