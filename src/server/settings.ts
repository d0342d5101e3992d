import type { Mode } from '../engine/events.js';

/** How the server behaves, every default filled in. */
export interface ServerSettings {
  /** Of requests that name neither a mode nor a model that stands for one. */
  readonly mode: Mode;
  /** Any of these opens the server; none: no key is needed. */
  readonly apiKeys: readonly string[];
  /** Names that the Host header may have besides IP addresses and localhost; lower case, without port. */
  readonly allowedHosts: readonly string[];
  /** `any`: every page may ask, without credentials; else these origins only, with credentials. */
  readonly corsOrigins: 'any' | readonly string[];
  /** Of a request's body, as sent and as decompressed. */
  readonly bodyLimitBytes: number;
  /** A stream without events shows that it lives this often, in milliseconds. */
  readonly heartbeatMs: number;
  /** How long running requests may go on after the server was told to stop, in milliseconds. */
  readonly stopMs: number;
  /** Whether prompts and answers are written to the log. */
  readonly logText: boolean;
  /** Whether `/metrics` and `/slots` answer. */
  readonly metrics: boolean;
  readonly slots: boolean;
}

export const SERVER_DEFAULTS: ServerSettings = {
  mode: 'speculative',
  apiKeys: [],
  allowedHosts: [],
  corsOrigins: 'any',
  bodyLimitBytes: 32 * 2 ** 20,
  heartbeatMs: 10_000,
  stopMs: 10_000,
  logText: false,
  metrics: true,
  slots: true,
};
