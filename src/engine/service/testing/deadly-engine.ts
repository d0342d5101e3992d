/** Run as a child process: a host of an engine that has no models and dies as its requests tell it. */
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { finishEvent, roundEvent, startEvent, textEvent } from '../../../cli/testing/events.js';
import { FakeService, type Script } from '../../../server/testing/fake-service.js';
import type { GenerationEvent, LoadEvent } from '../../events.js';
import type { ServiceRequest, ServiceStatus } from '../../service.js';
import { forkedChannel, hostEngine } from '../engine-host.js';

/** A file that outlives this process: each line is a life that began, or a fault that has happened. */
const journal = process.argv[2]!;

const happened = (fault: string): number =>
  readFileSync(journal, 'utf8')
    .split('\n')
    .filter((line) => line === fault).length;

let passes = 0;

const die = (): never => {
  process.kill(process.pid, 'SIGSEGV');
  // The signal is on its way; nothing may happen until then.
  for (;;);
};

/**
 * `text` of the prompt is a list of words: `die@N*K` dies before token N, K times in all (once without `*K`), `hang@N*K`
 * blocks the event loop there, `stuck@N*K` has a pass there that never ends while the event loop goes on, `wait@N` waits
 * before it, `chunks@N` tells of N parts of the prompt first. Every token is a pass that may take 300 ms. Token N is N, its
 * text `N `, and `maxTokens` of them are written.
 */
const script: Script = async function* (request, signal) {
  const { text } = request.prompt as { text: string };
  const resume = request.resume ?? [];
  const events: GenerationEvent[] = [];
  const record = <Event extends GenerationEvent>(event: Event): Event => {
    events.push(event);
    return event;
  };
  const reason = () => (signal?.aborted ? 'aborted' : 'length');
  yield record(startEvent({ seed: request.seed ?? 4711, seedOrigin: request.seed === undefined ? 'drawn' : 'given' }));
  for (const part of partsOf(text)) {
    await sleep(1);
    yield record(part);
  }
  for (let token = resume.length; token < request.maxTokens! && !signal?.aborted; token++) {
    await fault(text, token);
    yield record(roundEvent([], 0, token));
    yield record(textEvent(`${token} `));
  }
  const tokens = [...resume, ...events.flatMap((event) => (event.type === 'round' ? event.tokens : []))];
  const whole = tokens.map((token) => `${token} `).join('');
  yield finishEvent(events, { reason: reason(), tokens, text: whole, completionTokens: tokens.length });
};

function partsOf(text: string): readonly GenerationEvent[] {
  const total = Number(/chunks@(\d+)/.exec(text)?.[1] ?? 0);
  return Array.from({ length: total }, (_, i) => ({ type: 'prompt', evaluated: i + 1, total }));
}

async function fault(text: string, token: number): Promise<void> {
  await sleep(1);
  passes += 1;
  for (const [word, kind, at, times = '1'] of text.matchAll(/(die|hang|stuck|wait)@(\d+)(?:\*(\d+))?/g)) {
    if (Number(at) !== token) continue;
    if (kind === 'wait') await sleep(100);
    else if (happened(word) < Number(times)) {
      appendFileSync(journal, `${word}\n`);
      if (kind === 'die') die();
      if (kind === 'stuck') await new Promise(() => {});
      for (;;);
    }
  }
}

class DeadlyService extends FakeService {
  override async status(): Promise<ServiceStatus> {
    const pass = this.running > 0 ? { number: passes, rows: 3, allowedMs: 300 } : undefined;
    return { ...(await super.status()), passes: [pass] };
  }

  override async render(): Promise<string> {
    return die();
  }
}

appendFileSync(journal, 'life\n');
/**
 * How the first life loads: `stalls-once`: never, though it answers pings; `stops-once`: the process is stopped; `creeps`:
 * for four seconds, with progress.
 */
async function load(target: string, onProgress: (event: LoadEvent) => void): Promise<void> {
  const tell = (fraction: number) => onProgress({ type: 'model', role: 'target', path: target, fraction });
  tell(0);
  const isFirst = happened('life') === 1;
  if (target === 'stalls-always' || (target === 'stalls-once' && isFirst)) await new Promise(() => {});
  if (target === 'stops-once' && isFirst) process.kill(process.pid, 'SIGSTOP');
  for (let step = 1; target === 'creeps' && step <= 20; step++) {
    await sleep(200);
    tell(step / 20);
  }
}

hostEngine(forkedChannel(process), async ({ target }, onProgress) => {
  await load(target, onProgress);
  const fails = /^fails-after-(\d+)$/.exec(target);
  if (fails && happened('life') > Number(fails[1])) throw new Error('no memory today');
  if (target === 'dies-while-loading') die();
  const service = new DeadlyService(script);
  const requests: ServiceRequest[] = service.requests;
  requests.length = 0;
  return service;
});
