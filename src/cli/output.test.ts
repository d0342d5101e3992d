import { PassThrough } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Output } from './output.js';
import { RecordingSink } from './testing/text-sink.js';

describe('Output', () => {
  it('waits until a slow reader has taken the text', async () => {
    const slow = new PassThrough({ highWaterMark: 4 });
    const output = new Output(slow, 'it');
    let written = false;
    const writing = output.write('12345678').then(() => {
      written = true;
    });
    await tick();
    expect(written).toBe(false);
    expect(String(slow.read())).toBe('12345678');
    await writing;
  });

  it('takes a reader that left as an end, not as an error', async () => {
    const stream = new RecordingSink();
    const output = new Output(stream, 'it');
    stream.failure = 'EPIPE';
    await output.write('x');
    expect(output.signal.aborted).toBe(true);
    await output.write('y');
    await output.end();
  });

  it('does not wait for a reader that leaves while it waits', async () => {
    const stuck = new PassThrough({ highWaterMark: 1 });
    const output = new Output(stuck, 'it');
    const writing = output.write('12');
    stuck.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await writing;
    expect(output.signal.aborted).toBe(true);
  });

  it('tells every other failure, by name, with the write that failed and with all after it', async () => {
    const stream = new RecordingSink();
    const output = new Output(stream, 'the file');
    stream.failure = 'ENOSPC';
    for (const text of ['x', 'y']) {
      await expect(output.write(text)).rejects.toMatchObject({
        code: 'output_failed',
        message: 'cannot write to the file: write ENOSPC',
      });
    }
    expect(output.signal.aborted).toBe(true);
    await expect(output.end()).rejects.toMatchObject({ code: 'output_failed' });
  });
});
