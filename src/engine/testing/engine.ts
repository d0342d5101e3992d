import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { Engine } from '../engine.js';
import type { FinishEvent, GenerationEvent } from '../events.js';
import type { EngineOptions } from '../options.js';
import type { GenerationRequest } from '../request.js';
import { FakeBackend, type FakeBackendOptions, type FakeModelOptions } from './fake-backend.js';

export interface FakeEngineOptions extends Omit<EngineOptions, 'target' | 'drafts'> {
  readonly target?: FakeModelOptions;
  /** One draft model, several, or none. */
  readonly draft?: FakeModelOptions | readonly FakeModelOptions[] | undefined;
  readonly backend?: FakeBackendOptions;
}

/** The start of a load of fake models, whose files exist until the test is over. */
export async function loading({ target = {}, draft, backend: options, ...rest }: FakeEngineOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-engine-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const drafts = draft === undefined ? [] : [draft].flat();
  const files = { 'target.gguf': target, ...Object.fromEntries(drafts.map((one, i) => [`draft${i + 1}.gguf`, one])) };
  const paths = Object.keys(files).map((name) => join(folder, name));
  for (const path of paths) await writeFile(path, 'GGUF');
  const backend = new FakeBackend(files, options);
  const [targetPath, ...draftPaths] = paths;
  return { backend, loaded: Engine.load(backend, { ...rest, target: targetPath!, drafts: draftPaths }) };
}

/** An engine with fake models; that closing it leaves nothing open is part of every test. */
export async function fakeEngine(options: FakeEngineOptions = {}) {
  const { backend, loaded } = await loading(options);
  const engine = await loaded;
  onTestFinished(async () => {
    await engine.close();
    expect(backend.isClean).toBe(true);
  });
  const [target, draft] = [engine.models.target, engine.models.draft].map(
    (model) => model && backend.models.find(({ path }) => path === model.model.path),
  );
  // What loading tried and measured is no part of a test.
  for (const { contexts } of backend.models) for (const { passes } of contexts) passes.length = 0;
  return { engine, backend, target: target!, draft };
}

/** All events of a request. */
export async function eventsOf(
  engine: Engine,
  request: GenerationRequest,
  signal?: AbortSignal,
): Promise<GenerationEvent[]> {
  const events: GenerationEvent[] = [];
  for await (const event of engine.generate(request, signal)) events.push(event);
  return events;
}

/** The end of a request that must not fail. */
export async function finishOf(engine: Engine, request: GenerationRequest, signal?: AbortSignal): Promise<FinishEvent> {
  const last = (await eventsOf(engine, request, signal)).at(-1);
  if (last?.type === 'error') throw last.error;
  if (last?.type !== 'finish') throw new Error(`the last event is ${last?.type}`);
  return last;
}
