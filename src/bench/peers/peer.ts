import type { Token } from '../../speculative/index.js';

/** Another program with the same models loaded, in one setting. */
export interface Peer {
  /** `llama-server`, `node-llama-cpp`. */
  readonly name: string;
  /** `plain` without a draft, else how it drafts. */
  readonly setting: string;
  /** What it says of the processor's features that it uses. */
  readonly system: string;
  /** One request at a time. */
  generate(request: PeerRequest): Promise<PeerAnswer>;
  /** Stops its threads while others are measured. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export interface PeerRequest {
  /** In the target's tokens. */
  readonly prompt: readonly Token[];
  readonly temperature: number;
  readonly seed: number;
  /** Generated whatever the text says. */
  readonly tokens: number;
}

export interface PeerAnswer {
  /** From the request to the whole answer, milliseconds. */
  readonly ms: number;
  readonly tokens: number;
  readonly drafted: number;
  readonly accepted: number;
  readonly text?: string;
}
