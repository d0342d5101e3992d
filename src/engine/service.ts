import type { PairReport } from '../models/pair.js';
import type { Token } from '../speculative/index.js';
import type { CacheType } from './backend.js';
import type { GenerationEvent, ModelRole } from './events.js';
import type { PassUnderWay } from './pass-clock.js';
import type { PassCosts } from './pass-costs.js';
import type { TokenizedPrompt } from './prompt.js';
import type { Chat, GenerationRequest, Prompt } from './request.js';
import type { Score, ScoreRequest } from './score.js';

/** A request that is plain data: it may cross into another process. */
export type ServiceRequest = Omit<GenerationRequest, 'drafter' | 'length'>;

/**
 * What a server needs of an engine, whether that runs in this process or in a child. Everything that crosses is plain
 * data (structured clone), so all but `generate` is a promise.
 */
export interface EngineService {
  /** What is loaded. It stays the same when the engine is restarted. */
  readonly description: EngineDescription;
  /** Runs a request. As Engine.generate: what is wrong with the request is thrown at the first `next()`. */
  generate(request: ServiceRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent, void, void>;
  tokenize(prompt: Prompt, options?: TokenizeOptions): Promise<TokenizedPrompt>;
  /** The bytes of each token; control tokens have some only when `renderSpecial`. */
  pieces(tokens: readonly Token[], renderSpecial: boolean): Promise<readonly Uint8Array[]>;
  /** A chat as the prompt that the target's template makes of it. */
  render(chat: Chat): Promise<string>;
  /** What a model thinks of each token of a text behind a prompt. Waits for a place as a request does; ends with the signal. */
  score(request: ScoreRequest, signal?: AbortSignal): Promise<Score>;
  /** What passes take as far as it is known by now; waits while no engine is ready. */
  passCosts(): Promise<PassCosts>;
  status(): Promise<ServiceStatus>;
  close(): Promise<void>;
}

/** For a text: whether begin-of-text is added as the model wants, and whether `<|user|>` becomes its control token. */
export interface TokenizeOptions {
  readonly addSpecial: boolean;
  readonly parseSpecial: boolean;
}

export interface EngineDescription {
  readonly target: ModelDescription;
  readonly drafts: readonly DraftDescription[];
  readonly contextSize: number;
  /** Requests that run at once on each model that writes, and those that may wait for it. */
  readonly parallel: number;
  readonly queue: number;
  readonly strict: boolean;
  readonly notes: readonly string[];
  readonly llama: { readonly version: string; readonly system: string; readonly devices: readonly string[] };
  readonly loadMs: number;
}

export interface ModelDescription {
  readonly role: ModelRole;
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly parameters: number;
  readonly bytes: number;
  readonly trainedContext: number;
  readonly vocabularySize: number;
  readonly vocabularyType: string;
  readonly chatTemplate: string | undefined;
  readonly bosText: string;
  readonly eosText: string;
  readonly threads: number;
  /** What its keys and values are cached as. */
  readonly cacheTypeK: CacheType;
  readonly cacheTypeV: CacheType;
  readonly device: string;
}

export interface DraftDescription extends ModelDescription {
  readonly vocabularyFit: VocabularyFit;
}

/** How a draft model's vocabulary compares with the target's; counts of ids. */
export interface VocabularyFit extends Omit<PairReport, 'verdict' | 'masked' | 'toDraft' | 'toTarget'> {
  /** Tokens that the draft model never proposes, for want of a counterpart. */
  readonly masked: number;
}

/** `loading`: first load; `restarting`: the engine died and comes back, requests wait; `failed`: it cannot be brought up. */
export type ServiceState = 'loading' | 'ready' | 'restarting' | 'failed' | 'closed';

export interface ServiceStatus {
  readonly state: ServiceState;
  /** Why it failed, or why it is being restarted. */
  readonly reason: string | undefined;
  readonly restarts: number;
  /** Of the process that the kernels run in. */
  readonly pid: number;
  readonly running: number;
  readonly queued: number;
  readonly slots: readonly SlotStatus[];
  /** Of each model, the target first: the pass that is under way. */
  readonly passes: readonly (PassUnderWay | undefined)[];
}

/** A sequence of a model's context. */
export interface SlotStatus {
  /** The target's come first, then those of the drafts, which have more than one for each request. */
  readonly id: number;
  readonly role: ModelRole;
  /** The model's name. */
  readonly model: string;
  readonly state: 'idle' | 'busy';
  /** Tokens whose cells are kept for the next request with the same beginning. */
  readonly cachedTokens: number;
}
