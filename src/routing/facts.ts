/** What is known of a request before anything is evaluated. */
export interface RequestFacts {
  /** A chat's messages in order; undefined where the prompt is plain text. */
  readonly messages: readonly FactMessage[] | undefined;
  /** The prompt as text; of a chat, its messages' texts. */
  readonly text: string;
  /** The most tokens that the answer may have; undefined: as many as fit. */
  readonly maxTokens: number | undefined;
  /** How much thought the client says it deserves: `none`, `minimal`, `low`, `medium`, `high`, ... */
  readonly effort: string | undefined;
  /** Whether the answer has to follow a schema or may call tools. */
  readonly structured: boolean;
}

export interface FactMessage {
  readonly role: string;
  readonly content: string;
}

/** The texts that patterns are searched in, each bounded. */
export interface Passages {
  /** What is asked now: the last message that the model did not write, the last such turn of a plain prompt. */
  readonly ask: string;
  /** What system and developer messages before it say; empty for a plain prompt. */
  readonly system: string;
  /** The two together; all of a plain prompt. */
  readonly instructions: string;
  /** The whole prompt. */
  readonly text: string;
}

/** Characters of each end of a long text that patterns see: instructions stand first or last, material between them. */
const END_CHARACTERS = 4096;

export function passagesOf({ messages, text }: Pick<RequestFacts, 'messages' | 'text'>): Passages {
  if (messages === undefined) {
    const prompt = ends(text.replace(BEGINNING, ''));
    return { ask: lastTurn(prompt), system: '', instructions: prompt, text: prompt };
  }
  const asked = messages.findLast(({ role }) => role !== 'assistant');
  const told = messages.filter((message) => isSystem(message) && message !== asked);
  const ask = ends(asked?.content ?? '');
  const system = ends(told.map(({ content }) => content).join('\n'));
  return { ask, system, instructions: system === '' ? ask : `${system}\n${ask}`, text: ends(text) };
}

function isSystem({ role }: FactMessage): boolean {
  return role === 'system' || role === 'developer';
}

/** The control token that begins a prompt, as common models spell it. */
const BEGINNING = /^\s*(?:<s>|<bos>|<\|begin_of_text\|>|<\|endoftext\|>)/u;

/**
 * Where front ends that render chats themselves begin a turn of the user or the system: ChatML, Llama 2 and 3, Gemma, Phi,
 * Alpaca, Vicuna, and SillyTavern's bracketed asides.
 */
const TURN =
  /<\|im_start\|>(?:user|system)\n|\[INST\]|<\|start_header_id\|>(?:user|system)<\|end_header_id\|>|<start_of_turn>user\n|<\|(?:user|system)\|>|### (?:Instruction|Input|User):|\n(?:USER|User):|\n(?=\[\p{Lu})/gu;

/** Of a plain prompt that is a chat, what follows the last mark of such a turn; else all of it. */
function lastTurn(text: string): string {
  const last = [...text.matchAll(TURN)].at(-1);
  return last === undefined ? text : text.slice(last.index + last[0].length).trimStart();
}

function ends(text: string): string {
  if (text.length <= 2 * END_CHARACTERS) return text;
  return `${text.slice(0, END_CHARACTERS)}\n${text.slice(-END_CHARACTERS)}`;
}
