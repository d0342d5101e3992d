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
  /** What is asked now: the last message that the model did not write; of a plain prompt, the prompt. */
  readonly ask: string;
  /** What system and developer messages say; empty for a plain prompt. */
  readonly system: string;
  /** The whole prompt. */
  readonly text: string;
}

/** Characters of each end of a long text that patterns see: instructions stand first or last, material between them. */
const END_CHARACTERS = 4096;

export function passagesOf({ messages, text }: Pick<RequestFacts, 'messages' | 'text'>): Passages {
  if (messages === undefined) return { ask: ends(text), system: '', text: ends(text) };
  const asked = messages.findLast(({ role }) => role !== 'assistant');
  const system = messages.filter(({ role }) => role === 'system' || role === 'developer');
  return {
    ask: ends(asked?.content ?? ''),
    system: ends(system.map(({ content }) => content).join('\n')),
    text: ends(text),
  };
}

function ends(text: string): string {
  if (text.length <= 2 * END_CHARACTERS) return text;
  return `${text.slice(0, END_CHARACTERS)}\n${text.slice(-END_CHARACTERS)}`;
}
