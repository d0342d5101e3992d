import { Transform, type TransformCallback } from 'node:stream';
import { visible } from './terminal.js';

/** Fields of an entry that a line shows elsewhere, or that only a program has a use for. */
const ELSEWHERE = new Set(['level', 'time', 'msg', 'requestId', 'method', 'path', 'err']);

/** Turns the log's JSON into lines for people: `08:15:01 request GET /health status=200 ms=1`. */
export class LogLines extends Transform {
  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const entries = chunk
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    done(null, entries.map((entry) => `${visible(lineOf(JSON.parse(entry)))}\n`).join(''));
  }
}

interface Entry extends Readonly<Record<string, unknown>> {
  readonly time: string;
  readonly msg: string;
  readonly method?: string;
  readonly path?: string;
  readonly err?: { readonly message: string };
}

function lineOf(entry: Entry): string {
  const { time, msg, method, path, err } = entry;
  const fields = Object.entries(entry)
    .filter(([name]) => !ELSEWHERE.has(name))
    .map(([name, value]) => `${name}=${shown(value)}`);
  const clock = new Date(time).toTimeString().slice(0, 8);
  return [clock, msg, method, path, ...fields, err?.message].filter((part) => part !== undefined).join(' ');
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 10) / 10);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
