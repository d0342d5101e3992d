/**
 * node-llama-cpp in a process of its own, so that its kernels are not ours and it can sleep. Started by node-llama-cpp.ts
 * with what to load; then one answer a message. Its package is no dependency: its types are written down here as far as
 * they are used.
 */
import type { PeerAnswer, PeerRequest } from './peer.js';

export interface ChildConfig {
  /** Address of the package's entry. */
  readonly entry: string;
  readonly target: string;
  readonly draft: string | undefined;
  readonly contextSize: number;
  readonly threads: number;
}

export type ChildMessage =
  | { readonly type: 'ready'; readonly system: string }
  | { readonly type: 'answer'; readonly answer: PeerAnswer }
  | { readonly type: 'error'; readonly message: string };

interface Sequence {
  readonly tokenPredictions: {
    readonly validated: number;
    readonly refuted: number;
    readonly used: number;
    readonly unused: number;
  };
  evaluate(tokens: readonly number[], options: object): AsyncIterable<number>;
  clearHistory(): Promise<void>;
}

interface Package {
  getLlama(options: object): Promise<{
    readonly systemInfo: string;
    loadModel(
      options: object,
    ): Promise<{ createContext(options: object): Promise<{ getSequence(options?: object): Sequence }> }>;
  }>;
  readonly DraftSequenceTokenPredictor: new (draft: Sequence) => object;
}

if (process.send !== undefined && process.argv[2] !== undefined) {
  await serve(JSON.parse(process.argv[2])).catch((error: unknown) => tell({ type: 'error', message: String(error) }));
}

async function serve(config: ChildConfig): Promise<void> {
  const { getLlama, DraftSequenceTokenPredictor }: Package = await import(config.entry);
  // No maxThreads: it caps the whole process, and a draft that has to wait for the target's threads drafts nothing.
  const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false });
  const open = async (path: string) => {
    const model = await llama.loadModel({ modelPath: path });
    return model.createContext({ contextSize: config.contextSize, threads: config.threads });
  };
  const draft = config.draft === undefined ? undefined : (await open(config.draft)).getSequence();
  const tokenPredictor = draft && new DraftSequenceTokenPredictor(draft);
  const sequence = (await open(config.target)).getSequence(tokenPredictor && { tokenPredictor });
  process.on('message', (request: PeerRequest) => {
    answerOf(sequence, request).then(
      (answer) => tell({ type: 'answer', answer }),
      (error: unknown) => tell({ type: 'error', message: String(error) }),
    );
  });
  tell({ type: 'ready', system: llama.systemInfo });
}

async function answerOf(sequence: Sequence, request: PeerRequest): Promise<PeerAnswer> {
  const { prompt, temperature, seed, tokens } = request;
  const before = { ...sequence.tokenPredictions };
  const began = performance.now();
  let count = 0;
  const options = { temperature, seed, topK: 40, topP: 0.95, minP: 0.05, yieldEogToken: true };
  for await (const _ of sequence.evaluate(prompt, options)) {
    count += 1;
    if (count >= tokens) break;
  }
  const ms = performance.now() - began;
  const after = { ...sequence.tokenPredictions };
  await sequence.clearHistory();
  const accepted = after.validated - before.validated;
  return { ms, tokens: count, accepted, drafted: accepted + after.refuted - before.refuted };
}

function tell(message: ChildMessage): void {
  process.send?.(message);
}
