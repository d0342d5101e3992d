import type { Mode } from '../engine/events.js';
import { size } from '../engine/memory.js';
import type { EngineDescription, ModelDescription } from '../engine/service.js';
import { isLoopbackName } from '../server/loopback.js';

/** What the start-up lines tell of. */
export interface Served {
  readonly version: string;
  readonly description: EngineDescription;
  /** Where a client on this machine finds the server. */
  readonly url: string;
  /** As it was asked for. */
  readonly host: string;
  /** The process of the engine, or undefined where it is this one. */
  readonly enginePid: number | undefined;
  readonly needsKey: boolean;
  readonly configPath: string | undefined;
  /** Of requests that choose none. */
  readonly mode: Mode;
}

/** What runs where, whether it speculates and why not if not, and who can reach it. */
export function summaryLines(served: Served): string[] {
  const { version, description, url, host, enginePid, needsKey, configPath, mode } = served;
  const { target, drafts, contextSize, parallel, strict, notes, llama, loadMs } = description;
  const requests = parallel === 1 ? 'one request at a time' : `${parallel} requests at once`;
  return [
    `outrider ${version} with llama.cpp ${llama.version}${configPath === undefined ? '' : `, configured by ${configPath}`}`,
    `target: ${modelLine(target)}`,
    ...drafts.map((draft) => `draft: ${modelLine(draft)}`),
    speculationLine(drafts, strict),
    ...(mode === 'speculative' ? [] : [`mode: ${mode}, of requests that choose none`]),
    `context: ${contextSize} tokens a request, ${requests}; loaded in ${(loadMs / 1000).toFixed(1)} s${
      enginePid === undefined ? ' in this process' : `, engine in process ${enginePid}`
    }`,
    ...notes.map((note) => `note: ${note}`),
    accessLine(host, needsKey),
    `ready: ${url} (OpenAI clients: ${url}/v1)`,
  ];
}

function modelLine(model: ModelDescription): string {
  const { name, parameters, bytes, device, threads } = model;
  return `${name} (${(parameters / 1e6).toFixed(0)} M parameters, ${size(bytes)}) on ${device}, ${threads} ${threads === 1 ? 'thread' : 'threads'}${cachePart(model)}`;
}

/** Nothing of what everybody has. */
function cachePart({ cacheTypeK, cacheTypeV }: ModelDescription): string {
  if (cacheTypeK === 'f16' && cacheTypeV === 'f16') return '';
  return cacheTypeK === cacheTypeV
    ? `, cache in ${cacheTypeK}`
    : `, cached keys in ${cacheTypeK}, values in ${cacheTypeV}`;
}

function speculationLine(drafts: readonly ModelDescription[], strict: boolean): string {
  const exact = strict ? '; strict: the same text as without, bit for bit' : '';
  if (drafts.length > 0)
    return `speculation: on, drafts by ${drafts.map(({ name }) => name).join(', ')} and lookup${exact}`;
  return `speculation: lookup in the text itself only, since no draft model is loaded (--model-draft)${exact}`;
}

function accessLine(host: string, needsKey: boolean): string {
  const key = needsKey ? 'with a key' : 'without a key';
  if (isLoopbackName(host)) return `access: programs and web pages on this machine, ${key}`;
  const warning = needsKey ? '' : '; --api-key makes them need one';
  return `access: every machine that reaches this one, ${key}${warning}`;
}
