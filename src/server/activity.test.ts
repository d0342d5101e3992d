import { describe, expect, test } from 'vitest';
import type { FinishEvent, GenerationEvent } from '../engine/events.js';
import { OutriderError } from '../errors.js';
import { Activity } from './activity.js';
import { testServer } from './testing/app.js';
import { FakeService, failsAfter, says } from './testing/fake-service.js';

const request = { prompt: { text: 'Once' } };

function watched(service: FakeService) {
  const activity = new Activity(service, () => 5);
  const events: string[] = [];
  const ends: (FinishEvent | undefined)[] = [];
  activity.listen({
    onEvent: (event: GenerationEvent, { id }) => void events.push(`${id} ${event.type}`),
    onEnd: (_, finish) => void ends.push(finish),
  });
  const abort = new AbortController();
  const run = () => activity.run(request, { requestId: 'r', dialect: 'test', signal: abort.signal });
  return { activity, events, ends, abort, run };
}

async function all<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const result: Value[] = [];
  for await (const value of values) result.push(value);
  return result;
}

describe('a generation', () => {
  test('is heard of by all who listen', async () => {
    const { run, events, ends, activity } = watched(new FakeService(says(['a'])));
    await all(run());
    expect(events).toEqual(['1 start', '1 prompt', '1 round', '1 text', '1 finish']);
    expect(ends.map((finish) => finish?.reason)).toEqual(['stop']);
    expect(activity.running).toBe(0);
  });

  test('that fails throws, and its end is heard of', async () => {
    const { run, ends, events } = watched(
      new FakeService(failsAfter(['a'], new OutriderError('backend_failed', 'no'))),
    );
    await expect(all(run())).rejects.toThrow('no');
    expect(events.at(-1)).toBe('1 error');
    expect(ends).toEqual([undefined]);
  });

  test('that its client leaves ends as aborted', async () => {
    const { run, abort, ends } = watched(new FakeService(says(['a', 'b'])));
    for await (const event of run()) if (event.type === 'text') abort.abort();
    expect(ends.map((finish) => finish?.reason)).toEqual(['aborted']);
  });

  test('that the server ends is handed back', async () => {
    const { run, activity } = watched(new FakeService(says(['a', 'b', 'c'])));
    const stopped = async () => {
      for await (const event of run()) if (event.type === 'text') activity.stop();
    };
    await expect(stopped()).rejects.toThrow('the server is stopping');
    await expect(all(run())).rejects.toThrow('the server is stopping');
  });

  test('is waited for', async () => {
    const { run, activity } = watched(new FakeService());
    const events = run();
    await events.next();
    let idle = false;
    const waiting = activity.idle().then(() => {
      idle = true;
    });
    await Promise.resolve();
    expect(idle).toBe(false);
    await events.return();
    await waiting;
    expect(idle).toBe(true);
  });
});

describe('/metrics', () => {
  test('counts under our name and under llama-server’s', async () => {
    const server = testServer();
    await server.post('/v1/completions', { prompt: 'Once' });
    const response = await server.get('/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(response.headers.get('process-start-time-unix')).toBe('1700000000');
    const text = await response.text();
    for (const prefix of ['outrider_', 'llamacpp:']) {
      expect(text).toContain(`\n${prefix}prompt_tokens_total 4\n`);
      expect(text).toContain(`\n${prefix}tokens_predicted_total 4\n`);
      expect(text).toContain(`\n${prefix}n_decode_total 3\n`);
      expect(text).toContain(`\n${prefix}spec_decode_num_drafts_total 1\n`);
      expect(text).toContain(`\n${prefix}spec_decode_num_accepted_tokens_per_pos_total{position="0"} 1\n`);
      expect(text).toContain(`\n${prefix}requests_processing 0\n`);
      expect(text).toContain(`\n${prefix}n_tokens_max 8\n`);
    }
    expect(text).toContain('outrider_generations_total{dialect="openai",outcome="stop"} 1');
    expect(text).toContain('outrider_time_to_first_text_seconds_count 1');
  });

  test('can be switched off', async () => {
    expect((await testServer({ settings: { metrics: false } }).get('/metrics')).status).toBe(501);
  });
});

describe('/health', () => {
  test.each([
    ['ready', 200, { status: 'ok' }],
    ['restarting', 200, { status: 'restarting', reason: 'it died' }],
    ['loading', 503, { error: { message: 'it died', type: 'unavailable_error' } }],
    ['failed', 503, { error: { message: 'it died', type: 'unavailable_error' } }],
  ] as const)('of an engine that is %s', async (state, status, body) => {
    const service = new FakeService();
    service.state = { state, reason: state === 'ready' ? undefined : 'it died' };
    const response = await testServer({ service }).get('/health');
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(body);
  });
});
