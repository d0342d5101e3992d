import { expect, test } from 'vitest';
import { createLog } from '../server/logging.js';
import { LogLines } from './log-lines.js';

test('people read lines, without what only programs need', () => {
  const lines = new LogLines();
  const log = createLog('info', lines);
  log.info({ requestId: 'r', method: 'GET', path: '/a\u001bb', status: 200, ms: 1.26 }, 'request');
  log.error({ err: new Error('it broke') }, 'failed');
  const [request, failure, rest] = String(lines.read()).split('\n');
  expect(request).toMatch(/^\d\d:\d\d:\d\d request GET \/a\S*b status=200 ms=1\.3$/);
  expect(request).not.toContain('\u001b');
  expect(failure).toMatch(/^\d\d:\d\d:\d\d failed it broke$/);
  expect(rest).toBe('');
});
