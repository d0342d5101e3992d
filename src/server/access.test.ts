import { describe, expect, test } from 'vitest';
import { hasKey } from './auth.js';
import { corsHeaders } from './cors.js';
import { hostName, isAllowedHost } from './hosts.js';
import { testServer } from './testing/app.js';

describe('the Host header', () => {
  test.each([
    'localhost',
    'LOCALHOST:5001',
    'localhost.',
    'app.localhost:80',
    '127.0.0.1',
    '127.0.0.1:5001',
    '192.168.1.7:5001',
    '[::1]',
    '[::1]:5001',
    '[FE80::1]:5001',
    'known.example',
    'KNOWN.example:5001',
  ])('%s passes', (host) => expect(isAllowedHost(host, ['known.example'])).toBe(true));

  test.each([
    'evil.example',
    'evil.example:5001',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'xlocalhost',
    '',
  ])('%j does not', (host) => expect(isAllowedHost(host, ['known.example'])).toBe(false));

  test('may be missing', () => expect(isAllowedHost(undefined, [])).toBe(true));
  test('is read without its port', () => expect(hostName('[::1]:80')).toBe('::1'));

  test('of a stranger gets 403 that says which name to allow', async () => {
    const response = await testServer().get('/v1/models', { host: 'evil.example:5001' });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('--allowed-host evil.example');
  });
});

describe('the API key', () => {
  const keyed = () => testServer({ settings: { apiKeys: ['secret', 'other'] } });

  test.each([
    [{ authorization: 'Bearer secret' }, true],
    [{ authorization: 'bearer  other ' }, true],
    [{ 'x-api-key': 'secret' }, true],
    [{ authorization: 'Bearer wrong', 'x-api-key': 'other' }, true],
    [{ authorization: 'Bearer wrong' }, false],
    [{ authorization: 'Bearer secre' }, false],
    [{ authorization: 'Basic secret' }, false],
    [{ authorization: 'secret' }, false],
    [{}, false],
  ])('%j: %s', (headers, right) =>
    expect(hasKey(new Headers(headers as Record<string, string>), ['secret', 'other'])).toBe(right),
  );

  test('is not needed where there is none', () => expect(hasKey(new Headers(), [])).toBe(true));

  test('is needed for all but health', async () => {
    const server = keyed();
    for (const path of ['/v1/models', '/metrics', '/nothing', '/v1/chat/completions']) {
      expect((await server.get(path)).status, path).toBe(401);
    }
    expect((await server.get('/v1/models', { authorization: 'Bearer secret' })).status).toBe(200);
    expect((await server.get('/health')).status).toBe(200);
    expect((await server.get('/v1/health')).status).toBe(200);
  });

  test('that is wrong gets an answer that a page can read', async () => {
    const response = await keyed().get('/v1/models', { origin: 'https://lite.example' });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toMatchObject({ error: { type: 'authentication_error' } });
    expect(JSON.stringify(keyed().logged)).not.toContain('secret');
  });
});

describe('pages of other origins', () => {
  test('may read by default, without credentials', async () => {
    const response = await testServer().get('/v1/models', { origin: 'https://lite.example' });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });

  test('are told before a request what they may send, without a key', async () => {
    const { app } = testServer({ settings: { apiKeys: ['secret'] } });
    const response = await app.request('/v1/chat/completions', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://lite.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-stainless-os',
        'access-control-request-private-network': 'true',
      },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization,x-stainless-os');
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
    expect(response.headers.get('access-control-allow-private-network')).toBe('true');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  test.each([
    [['https://a.example'], 'https://a.example', true],
    [['https://a.example'], 'https://b.example', false],
    [['https://a.example'], undefined, false],
    [['localhost'], 'http://localhost:3000', true],
    [['localhost'], 'http://127.0.0.1', true],
    [['localhost'], 'http://[::1]:8080', true],
    [['localhost'], 'http://localhost.evil.example', false],
    [['localhost'], 'null', false],
  ])('of %j, %s is named: %s', (origins, origin, named) => {
    const headers = corsHeaders(origins, origin);
    expect(headers['Access-Control-Allow-Origin']).toBe(named ? origin : undefined);
    expect(headers['Access-Control-Allow-Credentials']).toBe(named ? 'true' : undefined);
    expect(headers.Vary).toBe('Origin');
  });
});
