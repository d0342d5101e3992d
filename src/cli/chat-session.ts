import { compare } from '../engine/comparison/compare.js';
import type { FinishEvent, Mode, StartEvent } from '../engine/events.js';
import { drawSeed } from '../engine/seed.js';
import type { EngineService, ServiceRequest } from '../engine/service.js';
import { OutriderError } from '../errors.js';
import { given } from '../given.js';
import { type ChatCommand, helpLines } from './chat-commands.js';
import { loadChat, saveChat } from './chat-file.js';
import { ChatHistory } from './chat-history.js';
import type { ChatSettings } from './chat-settings.js';
import { ChatTotals, summaryLine } from './chat-totals.js';
import { inFlagNames } from './flag-names.js';
import type { ProgressLine } from './progress.js';
import { renderTerminalText } from './render-text.js';
import type { Outputs } from './run.js';
import { showComparison } from './show-comparison.js';
import { statisticsLines } from './statistics-lines.js';
import type { Surroundings } from './surroundings.js';
import { painter, visible, wantsColour } from './terminal.js';

/** Tokens of the context that are kept free for an answer, at most a quarter of it. */
const ANSWER_ROOM = 512;
/** Two answers, of which each token is judged: without another wish they stay short. */
const COMPARED_TOKENS = 256;

export interface ChatSessionOptions {
  readonly service: EngineService;
  readonly history: ChatHistory;
  readonly settings: ChatSettings;
  readonly outputs: Outputs;
  readonly surroundings: Surroundings;
  readonly progress: ProgressLine;
  readonly mode?: Mode;
  /** A file that the chat is written to after every answer. */
  readonly save?: string;
}

/** What became of a line: whoever writes goes on, or leaves, or stopped the answer. */
export type Outcome = 'go on' | 'leave' | 'interrupted';

/** A chat under way: what each command does, and what is shown of it. */
export class ChatSession {
  readonly #options: ChatSessionOptions;
  readonly #settings: ChatSettings;
  readonly #totals = new ChatTotals();
  /** Notes of requests that were told. */
  readonly #told = new Set<string>();
  #history: ChatHistory;
  #mode: Mode;
  #last: { readonly start: StartEvent; readonly finish: FinishEvent } | undefined;
  /** Answers to the last question before this one: another answer needs another seed. */
  #retries = 0;

  constructor(options: ChatSessionOptions) {
    this.#options = options;
    this.#history = options.history;
    this.#settings = options.settings;
    this.#mode = options.mode ?? 'speculative';
  }

  get prompt(): string {
    return this.#mode === 'speculative' ? '> ' : `${this.#mode}> `;
  }

  /** Nobody reads what is written any more. */
  get hasNoReader(): boolean {
    return this.#options.outputs.out.signal.aborted;
  }

  async greet(): Promise<void> {
    const { target, drafts, contextSize } = this.#options.service.description;
    const names = [target, ...drafts].map(({ name }) => visible(name)).join(' with ');
    const { length } = this.#history.turns;
    await this.#tell(`${names}, a context of ${contextSize} tokens. /help shows the commands, /quit leaves.`);
    if (length > 0) await this.#tell(`a chat of ${length} messages goes on`);
  }

  /** Never throws an OutriderError: what is wrong is told, and the chat goes on. */
  async perform(command: ChatCommand): Promise<Outcome> {
    try {
      return await this.#perform(command);
    } catch (error) {
      if (!(error instanceof OutriderError) || error.code === 'output_failed') throw error;
      await this.#options.outputs.err.write(
        `outrider: ${visible(inFlagNames(error.message, error.details.parameter))}\n`,
      );
      return 'go on';
    }
  }

  async #perform(command: ChatCommand): Promise<Outcome> {
    switch (command.kind) {
      case 'nothing':
        return 'go on';
      case 'quit':
        return 'leave';
      case 'say':
        this.#history.say(command.text);
        this.#retries = 0;
        return this.#answer();
      case 'retry':
        return this.#retry();
      case 'compare':
        return this.#compare(command.text);
      default:
        await this.#arrange(command);
        return 'go on';
    }
  }

  /** The commands that write nothing. */
  async #arrange(command: Exclude<ChatCommand, { kind: 'nothing' | 'quit' | 'say' | 'retry' | 'compare' }>) {
    switch (command.kind) {
      case 'mode':
        this.#mode = command.mode ?? this.#mode;
        return this.#tell(`mode ${this.#mode}`);
      case 'system':
        this.#history.system = command.text;
        return this.#tell(command.text === undefined ? 'no system message' : 'the system message is in force');
      case 'set':
        if (command.name !== undefined) this.#settings.set(command.name, command.value);
        return this.#tell(...(this.#settings.lines.length > 0 ? this.#settings.lines : ['nothing is set']));
      case 'clear':
        this.#history.clear();
        return this.#tell('the chat begins anew');
      case 'save':
        return this.#save(command.path ?? this.#options.save);
      case 'load':
        this.#history = new ChatHistory(await loadChat(command.path));
        return this.#tell(`a chat of ${this.#history.turns.length} messages goes on`);
      case 'stats':
        return this.#tell(...this.#statistics());
      case 'help':
        return this.#tell(...helpLines());
      case 'wrong':
        throw new OutriderError('invalid_argument', command.problem);
    }
  }

  async #retry(): Promise<Outcome> {
    if (!this.#history.takeBack()) throw new OutriderError('invalid_argument', '/retry: there is no message yet');
    this.#retries += 1;
    return this.#answer();
  }

  async #answer(): Promise<Outcome> {
    await this.#makeRoom();
    const { service, outputs, surroundings, progress } = this.#options;
    const paint = painter(wantsColour(surroundings.stdout, surroundings.env));
    const text = renderTerminalText(outputs.out, { paint, when: 'live' });
    return this.#interruptible(async (signal) => {
      let start: StartEvent | undefined;
      for await (const event of service.generate(this.#request(), signal)) {
        await progress.onGeneration(event);
        if (event.type === 'start') {
          start = event;
          await this.#tellNotes(event);
        }
        await text(event);
        if (event.type === 'error') throw event.error;
        if (event.type !== 'finish') continue;
        this.#last = start && { start, finish: event };
        await this.#answered(event);
      }
    });
  }

  #request(): ServiceRequest {
    const { seed, ...wishes } = this.#settings.wishes;
    const messages = this.#history.messages();
    return {
      ...wishes,
      ...(seed !== undefined && { seed: seed + this.#retries }),
      mode: this.#mode,
      prompt: { messages },
    };
  }

  async #answered(finish: FinishEvent): Promise<void> {
    const { outputs, surroundings, save } = this.#options;
    this.#totals.add(finish);
    if (finish.text !== '') this.#history.answered(finish.text);
    if (surroundings.stdout.isTTY) {
      const paint = painter(wantsColour(surroundings.stderr, surroundings.env));
      await outputs.err.write(`${paint('dim', summaryLine(finish))}\n`);
    }
    if (save !== undefined) await this.#write(save);
  }

  /** Until the answer has room: the oldest turns are left out, of what the models see alone. */
  async #makeRoom(): Promise<void> {
    const { service, outputs } = this.#options;
    const { contextSize } = service.description;
    const room = Math.min(this.#settings.wishes.maxTokens ?? ANSWER_ROOM, Math.floor(contextSize / 4));
    const fits = async (from: number): Promise<boolean> => {
      const { tokens } = await service.tokenize({ messages: this.#history.messages(from) });
      return tokens.length + room <= contextSize;
    };
    const starts = this.#history.laterQuestions;
    if (starts.length === 0 || (await fits(this.#history.forgotten))) return;
    // The first that fits; the last question has to, and where it does not the engine says so.
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (await fits(starts[middle]!)) high = middle;
      else low = middle + 1;
    }
    const isFirst = this.#history.forgotten === 0;
    this.#history.forgetBefore(starts[high]!);
    if (!isFirst) return;
    await outputs.err.write(
      `note: the chat is longer than the context of ${contextSize} tokens; from now on the models do not see its oldest messages\n`,
    );
  }

  async #compare(text: string | undefined): Promise<Outcome> {
    const { service, outputs, surroundings } = this.#options;
    const messages = this.#history.asked(text);
    if (messages.at(-1)?.role !== 'user') {
      throw new OutriderError('invalid_argument', '/compare: there is no message yet; write one behind it');
    }
    const { seed = drawSeed(), maxTokens = COMPARED_TOKENS, sampling } = this.#settings.wishes;
    const request = { prompt: { messages }, seed, maxTokens, ...given({ sampling }) };
    return this.#interruptible((signal) =>
      showComparison({
        output: outputs.out,
        surroundings,
        compare: (order) => compare(service, { ...request, order }, signal),
      }),
    );
  }

  /** Ctrl-C ends the work, and nothing more. */
  async #interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<Outcome> {
    const { surroundings, outputs, progress } = this.#options;
    const interrupt = new AbortController();
    const stopListening = surroundings.onInterrupt(() => interrupt.abort());
    try {
      await work(AbortSignal.any([interrupt.signal, outputs.out.signal]));
    } finally {
      progress.clear();
      stopListening();
    }
    return interrupt.signal.aborted ? 'interrupted' : 'go on';
  }

  async #save(path: string | undefined): Promise<void> {
    if (path === undefined) throw new OutriderError('invalid_argument', '/save: expected a file');
    await this.#write(path);
    await this.#tell(`${this.#history.turns.length} messages are in ${path}`);
  }

  #write(path: string): Promise<void> {
    return saveChat(path, { system: this.#history.system, turns: this.#history.turns });
  }

  #statistics(): string[] {
    if (this.#last === undefined) return ['nothing was answered yet'];
    const { start, finish } = this.#last;
    return [...statisticsLines(start, finish, this.#options.service.description.loadMs), this.#totals.line];
  }

  /** Each note once: most of them hold for every answer. */
  async #tellNotes({ notes }: StartEvent): Promise<void> {
    for (const note of notes) {
      if (!this.#told.has(note)) await this.#options.outputs.err.write(`note: ${visible(note)}\n`);
      this.#told.add(note);
    }
  }

  async #tell(...lines: readonly string[]): Promise<void> {
    for (const line of lines) await this.#options.outputs.err.write(`${visible(line)}\n`);
  }
}
