import { type Arrangement, arrangements, changeRole } from './arrangements.js';
import { type ChatMessage, MessageError, normaliseMessages, type Role, type TemplateMessage } from './messages.js';
import { TemplateError } from './template-error.js';
import {
  builtinWriter,
  CHATML_WRITER,
  fileWriter,
  type TemplateContext,
  type TemplateModel,
  type TemplateWriter,
} from './template-writer.js';

export interface RenderOptions {
  /**
   * How the prompt ends. `reply`: with the header of a new assistant turn, also when the last message is an assistant's.
   * `continue`: inside the last message, which must be an assistant's without tool calls; its text is to be gone on with.
   */
  readonly ending?: 'reply' | 'continue';
  /** Definitions of tools, as OpenAI's interface gives them. */
  readonly tools?: readonly unknown[];
  /** Further variables of the template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

export interface RenderedPrompt {
  readonly prompt: string;
  /** Where the format came from: the model's file, the kernels' own list, or ChatML for want of both. */
  readonly templateUsed: TemplateWriter['source'];
  /** What was changed in the messages so that the template would take them, in words. */
  readonly notes: readonly string[];
}

/** Roles that templates know more seldom than others, and what they are written as where their mark is no token. */
const SUBSTITUTES: readonly { readonly role: Role; readonly substitute: Role }[] = [
  { role: 'tool', substitute: 'user' },
  { role: 'developer', substitute: 'system' },
];

/** What the text of an unfinished last message is replaced by while it is rendered. Private use: no template writes it. */
const CONTINUE_HERE = '\u{f8ff}continue here\u{f8ff}';

/**
 * How the messages of a chat become a prompt for one model.
 *
 * The format is chosen once: the template of the model's file if it can render a plain conversation, else a built-in
 * format of the kernels, else ChatML. `notes` says so, and what else should be known of it, in lines for the start-up.
 * A conversation that the template refuses is told to it in fewer roles (see `arrangements`) before it is given up.
 */
export class ChatTemplate {
  readonly used: TemplateWriter['source'];
  readonly notes: readonly string[];
  readonly #writer: TemplateWriter;
  readonly #substitutes: readonly (typeof SUBSTITUTES)[number][];

  /** Never throws: a model whose template is broken still gets a format. */
  constructor(model: TemplateModel, now: () => Date = () => new Date()) {
    const { writer, notes } = chooseWriter(model, now);
    const unknownMarks = marksIn(writer, CONVERSATION).filter((mark) => !model.isControlToken(mark));
    const substituted = SUBSTITUTES.flatMap((entry) => {
      const [mark] = marksIn(writer, [...CONVERSATION, { role: entry.role, content: 'other' }]).filter(
        (found) => !model.isControlToken(found) && !unknownMarks.includes(found),
      );
      return mark === undefined ? [] : [{ ...entry, mark }];
    });
    this.#writer = writer;
    this.#substitutes = substituted;
    this.used = writer.source;
    this.notes = [
      ...notes,
      ...(unknownMarks.length > 0 ? [`${unknownMarks.join(', ')} of the chat format are no tokens of this model`] : []),
      ...substituted.map(
        ({ role, substitute, mark }) =>
          `${mark} is no token of this model: ${role} messages are written as ${substitute}`,
      ),
    ];
  }

  /**
   * The prompt for these messages.
   * @throws MessageError when the messages are at fault, TemplateError when the template refuses every arrangement of
   * them (with its words for the first) or cannot show the tools
   */
  render(messages: readonly ChatMessage[], options: RenderOptions = {}): RenderedPrompt {
    const { ending = 'reply', tools = [], variables = {} } = options;
    if (tools.length > 0 && !this.#writer.showsTools) {
      throw new TemplateError('refused', 'it cannot show tools to the model; leave tools out');
    }
    const normal = this.#substitutes.reduce<readonly TemplateMessage[]>(
      (changed, { role, substitute }) => changeRole(changed, role, substitute),
      normaliseMessages(messages),
    );
    const context = { addGenerationPrompt: ending === 'reply', tools, variables };
    const { text, notes } =
      ending === 'reply'
        ? renderArranged(this.#writer, normal, context)
        : renderUnfinished(this.#writer, normal, context);
    return { prompt: text, templateUsed: this.used, notes };
  }
}

interface Rendering {
  readonly text: string;
  readonly notes: readonly string[];
  /** A message that the template took and did not write. */
  readonly leftOut: TemplateMessage | undefined;
}

/** The first arrangement that the template takes without leaving a content out; failing that the first that it takes. */
function renderArranged(
  writer: TemplateWriter,
  messages: readonly TemplateMessage[],
  context: TemplateContext,
): Rendering {
  let refusal: TemplateError | undefined;
  let incomplete: Rendering | undefined;
  for (const arrangement of arrangements(messages)) {
    try {
      const text = writer.write(arrangement.messages, context);
      const leftOut = missingFrom(text, arrangement);
      if (leftOut === undefined) return { text, notes: arrangement.notes, leftOut };
      const note = `the template leaves out a message of role ${leftOut.role}`;
      incomplete ??= { text, notes: [...arrangement.notes, note], leftOut };
    } catch (error) {
      if (!(error instanceof TemplateError) || error.failure === 'endless') throw error;
      refusal ??= error;
    }
  }
  if (incomplete !== undefined) return incomplete;
  throw refusal;
}

/** Renders with a mark for the last message's text and ends there, so that no template can close the turn. */
function renderUnfinished(
  writer: TemplateWriter,
  messages: readonly TemplateMessage[],
  context: TemplateContext,
): Rendering {
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || last.tool_calls !== undefined) {
    throw new MessageError('only a last message of role assistant without tool_calls can be continued');
  }
  const marked = [...messages.slice(0, -1), { ...last, content: CONTINUE_HERE }];
  const rendering = renderArranged(writer, marked, context);
  const end = rendering.text.lastIndexOf(CONTINUE_HERE);
  if (end < 0) throw new TemplateError('refused', 'it does not show the last assistant message');
  return { ...rendering, text: rendering.text.slice(0, end) + last.content };
}

/**
 * A message whose content the text lacks. Templates may trim contents and write tool results as JSON; what an assistant
 * said they may shorten on purpose (its reasoning), so that is not looked for.
 */
function missingFrom(text: string, { messages }: Arrangement): TemplateMessage | undefined {
  let from = 0;
  return messages.find(({ role, content }) => {
    const trimmed = content.trim();
    if (role === 'assistant' || trimmed === '') return false;
    const json = JSON.stringify(trimmed).slice(1, -1);
    // In order as a rule: looking on from the last find keeps the search linear.
    const at = [text.indexOf(trimmed, from), text.indexOf(trimmed), text.indexOf(json)].find((found) => found >= 0);
    if (at !== undefined) from = at;
    return at === undefined;
  });
}

/** A plain conversation, to try formats with. */
const CONVERSATION: readonly TemplateMessage[] = [
  { role: 'user', content: 'first-question' },
  { role: 'assistant', content: 'first-answer' },
  { role: 'user', content: 'second-question' },
];

const PLAIN_CONTEXT: TemplateContext = { addGenerationPrompt: true, tools: [], variables: {} };

function chooseWriter(model: TemplateModel, now: () => Date): { writer: TemplateWriter; notes: string[] } {
  let reason: string;
  try {
    const writer = fileWriter(model, now);
    const { leftOut } = renderArranged(writer, CONVERSATION, PLAIN_CONTEXT);
    if (leftOut !== undefined) throw new TemplateError('broken', 'it leaves out what the user says');
    return { writer, notes: [] };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    reason = error.message;
  }
  const builtin = builtinWriter(model);
  if (builtin !== undefined) return { writer: builtin, notes: [`${reason}; a built-in format is used instead`] };
  return { writer: CHATML_WRITER, notes: [`${reason}; ChatML is used instead`] };
}

/** The marks such as `<|user|>` that a format writes around these messages; none where it does not take them. */
function marksIn(writer: TemplateWriter, messages: readonly TemplateMessage[]): string[] {
  try {
    return [...new Set(writer.write(messages, PLAIN_CONTEXT).match(/<[|｜][^|｜<>\s]+[|｜]>/g))];
  } catch {
    return [];
  }
}
