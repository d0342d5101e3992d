/** A comparison: both models answer, then the target judges. It goes on while other views are shown. */
import { type Api, ApiError, errorIn } from '../api.js';
import { Store } from '../store.js';
import type { CompareMessage, Comparison, Side, SideEnd } from './messages.js';

/** What someone asks for; what is absent, the server says. */
export interface Question {
  readonly text: string;
  /** As the message of a chat, or as a text to go on with. */
  readonly as: 'chat' | 'text';
  readonly draft: string | undefined;
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly seed: number | undefined;
}

export interface SideState {
  readonly model: string;
  readonly text: string;
  readonly tokens: number;
  readonly end: SideEnd | undefined;
}

export interface CompareState {
  readonly running: boolean;
  readonly seed: number | undefined;
  /** Undefined before the server has begun. */
  readonly sides: Readonly<Record<Side, SideState>> | undefined;
  readonly comparison: Comparison | undefined;
  readonly failure: ApiError | undefined;
}

const NOTHING: CompareState = {
  running: false,
  seed: undefined,
  sides: undefined,
  comparison: undefined,
  failure: undefined,
};

export class CompareSession {
  readonly state = new Store(NOTHING);
  readonly #api: Pick<Api, 'stream'>;
  #stop = new AbortController();

  constructor(api: Pick<Api, 'stream'>) {
    this.#api = api;
  }

  /** Forgets the comparison before. */
  async ask(question: Question): Promise<void> {
    if (this.state.value.running) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.state.set({ ...NOTHING, running: true });
    const failure = await this.#read(question, stop.signal);
    this.state.set({ ...this.state.value, running: false, failure });
  }

  stop(): void {
    this.#stop.abort();
  }

  async #read(question: Question, signal: AbortSignal): Promise<ApiError | undefined> {
    try {
      for await (const message of this.#api.stream<CompareMessage>('api/outrider/compare', signal, bodyOf(question))) {
        const error = errorIn(message);
        if (error !== undefined) return error;
        this.state.set(withMessage(this.state.value, message));
        if (message.type === 'done') return undefined;
      }
      return new ApiError('unreachable', 'The comparison broke off.', 'Compare again.');
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof ApiError) return error;
      throw error;
    }
  }
}

function bodyOf({ text, as, draft, maxTokens, temperature, seed }: Question): object {
  const prompt = as === 'chat' ? { messages: [{ role: 'user', content: text }] } : { prompt: text };
  const rest = { draft, max_tokens: maxTokens, temperature, seed };
  return { ...prompt, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) };
}

/** The state behind one more message. */
export function withMessage(state: CompareState, message: CompareMessage): CompareState {
  switch (message.type) {
    case 'start': {
      const side = (name: Side): SideState => ({
        model: message.sides.find(({ side }) => side === name)?.model ?? name,
        text: '',
        tokens: 0,
        end: undefined,
      });
      return { ...state, seed: message.seed, sides: { main: side('main'), draft: side('draft') } };
    }
    case 'text':
      return changed(state, message.side, ({ text }) => ({ text: text + message.text, tokens: message.tokens }));
    case 'end': {
      const { type: _, side, ...end } = message;
      return changed(state, side, () => ({ text: end.text, tokens: end.tokens, end }));
    }
    case 'comparison': {
      const { type: _, ...comparison } = message;
      return { ...state, comparison };
    }
    case 'done':
      return state;
  }
}

function changed(state: CompareState, side: Side, change: (now: SideState) => Partial<SideState>): CompareState {
  if (state.sides === undefined) return state;
  return { ...state, sides: { ...state.sides, [side]: { ...state.sides[side], ...change(state.sides[side]) } } };
}
