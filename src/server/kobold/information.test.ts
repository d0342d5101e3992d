import { describe, expect, test } from 'vitest';
import { GENERATE, json, testServer } from './testing/server.js';

describe('information', () => {
  test.each<[string, unknown]>([
    ['/api/v1/model', { result: 'koboldcpp/main' }],
    ['/api/latest/model', { result: 'koboldcpp/main' }],
    ['/api/v1/info/version', { result: '1.2.5' }],
    ['/api/v1/config/max_context_length', { value: 4096 }],
    ['/api/extra/true_max_context_length', { value: 4096 }],
    ['/api/v1/config/max_length', { value: 512 }],
    ['/api/v1/config/soft_prompts_list', { values: [] }],
    ['/api/extra/preloadstory', {}],
    ['/sdapi/v1/sd-models', []],
    ['/ping', { status: 'healthy' }],
    ['/api/v1/model/', { result: 'koboldcpp/main' }],
    ['/some/where/api/v1/model', { result: 'koboldcpp/main' }],
    ['/api/api/latest/model/', { result: 'koboldcpp/main' }],
    ['/x/api/extra/true_max_context_length?a=/api/v1/model', { value: 4096 }],
    ['/x/sdapi/v1/samplers', []],
  ])('GET %s', async (path, body) => expect(await json(testServer().get(path))).toEqual(body));

  test('of what this is, for programs that look for servers', async () => {
    expect(await json(testServer().get('/.well-known/serviceinfo'))).toMatchObject({
      software: { name: 'Outrider', version: expect.any(String) },
      api: { koboldai: { rel_url: '/api' }, openai: { rel_url: '/v1' } },
    });
  });

  test('is public, and tells no name without a key', async () => {
    const server = testServer({ settings: { apiKeys: ['secret'] } });
    const key = { authorization: 'Bearer secret' };
    expect(await json(server.get('/api/v1/model'))).toEqual({ result: 'koboldcpp/protected-model' });
    expect(await json(server.get('/api/v1/model', key))).toEqual({ result: 'koboldcpp/main' });
    expect(await json(server.get('/api/extra/version'))).toMatchObject({ result: 'KoboldCpp', protected: true });
    const { detail } = await json(server.post(GENERATE, { prompt: 'a' }), 401);
    expect(detail).toEqual({ error: expect.any(String), msg: expect.any(String), type: 'unauthorized' });
    expect((await server.get('/api/extra/perf')).status).toBe(401);
    expect((await server.post(GENERATE, { prompt: 'a' }, key)).status).toBe(200);
  });

  test('needs a key behind a prefix as without one, and no more', async () => {
    const server = testServer({ settings: { apiKeys: ['secret'] } });
    expect(await json(server.get('/x/api/v1/model'))).toEqual({ result: 'koboldcpp/protected-model' });
    expect((await json(server.post(`/x${GENERATE}`, { prompt: 'a' }), 401)).detail.type).toBe('unauthorized');
    expect((await json(server.post(`/api/v1/model${GENERATE}`, { prompt: 'a' }), 401)).detail.type).toBe(
      'unauthorized',
    );
    const { results } = await json(server.post(`/x${GENERATE}`, { prompt: 'a' }, { authorization: 'Bearer secret' }));
    expect(results).toHaveLength(1);
    expect((await server.get('/x/v1/models', { authorization: 'Bearer secret' })).status).toBe(404);
  });

  test('of what the last generation took', async () => {
    const server = testServer();
    const perf = () => json(server.get('/api/extra/perf'));
    expect(await perf()).toMatchObject({ total_gens: 0, stop_reason: -1, last_seed: -1, idle: 1 });
    await server.post(GENERATE, { prompt: 'abc', sampler_seed: 9 });
    const after = await perf();
    expect(after).toMatchObject({
      total_gens: 1,
      stop_reason: 1,
      last_seed: 9,
      last_input_count: 3,
      last_draft_success: 1,
      last_draft_failed: 0,
      queue: 0,
    });
    expect(JSON.stringify(after)).not.toContain('null');
    await server.post(GENERATE, { prompt: 'abc', stop_sequence: ['wor'] });
    expect((await perf()).stop_reason).toBe(2);
    await server.post(GENERATE, { prompt: 'abc', max_length: 1 });
    expect((await perf()).stop_reason).toBe(0);
  });

  test('of tokens', async () => {
    const server = testServer();
    expect(await json(server.post('/api/extra/tokencount', { prompt: 'Hé' }))).toEqual({
      value: 3,
      ids: [72, 0xc3, 0xa9],
    });
    expect(await json(server.post('/api/extra/detokenize', { ids: [72, 0xc3, 0xa9] }))).toEqual({
      result: 'Hé',
      success: true,
    });
    await json(server.post('/api/extra/tokencount', {}), 400);
  });

  test('of what is not served', async () => {
    expect((await json(testServer().post('/api/extra/embeddings', {}), 501)).detail.type).toBe('not_supported');
    expect((await json(testServer().get('/api/v1/nothing'), 404)).detail.type).toBe('not_found');
    expect((await json(testServer().get('/x/api/v1/nothing'), 404)).detail.type).toBe('not_found');
  });
});
