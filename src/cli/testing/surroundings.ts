import { Readable } from 'node:stream';
import type { GenerationEvent } from '../../engine/events.js';
import type { EngineOptions } from '../../engine/options.js';
import type { GenerationRequest } from '../../engine/request.js';
import type { EngineService } from '../../engine/service.js';
import { FakeService } from '../../server/testing/fake-service.js';
import type { CommandEngine, CommandModel, Surroundings, TextSource } from '../surroundings.js';
import { RecordingSink } from './text-sink.js';

/** What one generation does: its events, given the request and the signal. */
export type Script = (request: GenerationRequest, signal: AbortSignal) => AsyncIterable<GenerationEvent>;

export interface Stage {
  readonly surroundings: Surroundings;
  readonly stdout: RecordingSink;
  readonly stderr: RecordingSink;
  /** What the engine was asked to load and to generate. */
  readonly loaded: EngineOptions[];
  readonly requests: GenerationRequest[];
  closed: number;
  /** Ctrl-C. */
  interrupt(): void;
  /** SIGTERM. */
  terminate(): void;
}

export interface StageOptions {
  readonly stdin?: TextSource;
  readonly stdout?: RecordingSink;
  readonly stderr?: RecordingSink;
  readonly env?: NodeJS.ProcessEnv;
  readonly folder?: string;
  readonly now?: () => number;
  /** What a server speaks to. */
  readonly service?: EngineService;
  readonly script?: Script;
  /** Fails to load with this. */
  readonly loadError?: Error;
  readonly notes?: readonly string[];
}

export function stage(options: StageOptions = {}): Stage {
  const stdout = options.stdout ?? new RecordingSink();
  const stderr = options.stderr ?? new RecordingSink();
  const listeners = new Set<() => void>();
  const terminators = new Set<() => void>();
  const loaded: EngineOptions[] = [];
  const requests: GenerationRequest[] = [];
  const result: Stage = {
    stdout,
    stderr,
    loaded,
    requests,
    closed: 0,
    interrupt: () => {
      for (const listener of listeners) listener();
    },
    terminate: () => {
      for (const listener of terminators) listener();
    },
    surroundings: {
      stdin: options.stdin ?? Readable.from([]),
      stdout,
      stderr,
      env: options.env ?? {},
      folder: options.folder ?? '/nowhere',
      pid: 1,
      version: '1.2.3',
      now: options.now ?? (() => 1000),
      clock: () => 0,
      platform: 'linux',
      onInterrupt: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onTerminate: (listener) => {
        terminators.add(listener);
        return () => terminators.delete(listener);
      },
      openService: async (wanted) => {
        loaded.push(wanted);
        if (options.loadError) throw options.loadError;
        return options.service ?? new FakeService();
      },
      openBackend: async () => {
        throw new Error('no backend on this stage');
      },
      loadEngine: async (wanted) => {
        loaded.push(wanted);
        if (options.loadError) throw options.loadError;
        wanted.onProgress?.({ type: 'model', role: 'target', path: wanted.target, fraction: 0.5 });
        wanted.onProgress?.({ type: 'ready', loadMs: 30 });
        return fakeEngine(options, requests, () => {
          result.closed += 1;
        });
      },
    },
  };
  return result;
}

function fakeEngine(
  { script = async function* () {}, notes = [] }: StageOptions,
  requests: GenerationRequest[],
  onClose: () => void,
): CommandEngine {
  const bytes = (token: number): Uint8Array => Buffer.from(` t${token}`);
  const model = (name: string): CommandModel => ({
    name,
    model: { path: `/models/${name}.gguf`, vocabulary: { bytes } },
  });
  return {
    loadMs: 30,
    models: { target: model('target'), draft: model('draft'), rowClass: { kind: 'free' }, notes },
    generate: async function* (request, signal = new AbortController().signal) {
      requests.push(request);
      yield* script(request, signal);
    },
    close: async () => onClose(),
  };
}

/** Plays given events. */
export function play(events: readonly GenerationEvent[]): Script {
  return async function* () {
    yield* events;
  };
}
