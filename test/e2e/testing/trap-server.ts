import { expect } from 'vitest';
import type { EngineOptions } from '../../../src/engine/index.js';
import { type ServedPair, servePair } from './served-pair.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
export type Json = any;

export const CONTROL = { prompt: 'Once upon a time there was', max_tokens: 32, temperature: 0 };

/** The embedded pair behind HTTP, strict, and whether it is what it was before a trap. */
export class TrapServer {
  readonly pair: ServedPair;
  #control = '';

  private constructor(pair: ServedPair) {
    this.pair = pair;
  }

  static async open(options: Partial<EngineOptions> = {}): Promise<TrapServer> {
    const server = new TrapServer(await servePair({ strict: true, parallel: 4, ...options }));
    server.#control = await server.controlText();
    return server;
  }

  get url(): string {
    return this.pair.url;
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    return fetch(`${this.url}${path}`, { method: 'POST', body: bytes as string, headers });
  }

  /** An answer of status 200. */
  async ask(path: string, body: unknown): Promise<Json> {
    const response = await this.post(path, body);
    expect(response.status, `${path} ${JSON.stringify(body)}: ${await response.clone().text()}`).toBe(200);
    return response.json();
  }

  /** The data of all events of a stream, as text. */
  async stream(path: string, body: object): Promise<string[]> {
    const response = await this.post(path, { ...body, stream: true });
    expect(response.status, await response.clone().text()).toBe(200);
    const frames = (await response.text()).split('\n\n');
    expect(frames.pop()).toBe('');
    return frames.filter((frame) => frame !== ':').map((frame) => /^(?:event: message\n)?data: (.*)$/.exec(frame)![1]!);
  }

  async controlText(): Promise<string> {
    return (await this.ask('/v1/completions', CONTROL)).choices[0].text;
  }

  /** One bad request must not spoil what comes after it. */
  async expectUnharmed(): Promise<void> {
    expect(await this.controlText()).toBe(this.#control);
    await expect.poll(async () => (await this.pair.service.status()).running).toBe(0);
    const slots = (await (await fetch(`${this.url}/slots`)).json()) as Json;
    expect(slots.filter((slot: Json) => slot.is_processing)).toEqual([]);
  }

  close(): Promise<void> {
    return this.pair.close();
  }
}
