/**
 * KoboldAI Lite and SillyTavern may leave it to the server what stands between the turns of a chat: `{{[INPUT]}}` opens one
 * of the user, `{{[OUTPUT]}}` one of the model, `{{[SYSTEM]}}` one of instructions, and `{{[INPUT_END]}}` and so on end
 * them. KoboldCpp has lists of such texts; here the model's own chat template says them.
 */
import type { EngineDescription, EngineService } from '../../engine/service.js';
import { OutriderError } from '../../errors.js';
import type { ChatMessage } from '../../text/messages.js';

/** The texts of a request in which tags stand. */
export interface TaggedTexts {
  /** Stands before the prompt. */
  readonly memory: string;
  readonly prompt: string;
  readonly stop: readonly string[];
}

type Templates = Pick<EngineService, 'render'> & {
  readonly description: { readonly target: Pick<EngineDescription['target'], 'bosText' | 'eosText'> };
};

type Speaker = 'system' | 'user' | 'assistant';
/** Before the first turn, and where the answer is to begin. */
type Place = Speaker | 'beginning' | 'answer';

const TAG = /\{\{\[(INPUT|OUTPUT|SYSTEM)(_END)?\]\}\}/g;
const SPEAKERS = { INPUT: 'user', OUTPUT: 'assistant', SYSTEM: 'system' } as const;

/** What KoboldCpp writes for a model that it does not know. */
const UNKNOWN: Readonly<Record<Speaker | 'answer', string>> = {
  system: '\n### Instruction:\n',
  user: '\n### Instruction:\n',
  assistant: '\n### Response:\n',
  answer: '\n### Response:\n',
};

/** The texts with what the template writes in place of tags; without tags as they are, and nothing is rendered. */
export async function withoutTags(texts: TaggedTexts, service: Templates): Promise<TaggedTexts> {
  const { memory, prompt, stop } = texts;
  if (![memory, prompt, ...stop].some((text) => text.search(TAG) >= 0)) return texts;
  const joints = await jointsOf(service);
  const before = replaceTags(memory, 'beginning', joints, prompt.search(TAG) < 0);
  const { text } = replaceTags(prompt, before.speaker, joints, true);
  return {
    memory: before.text,
    prompt: text,
    stop: stop.map((one) => stopOf(one, joints, service)).filter((one) => one !== ''),
  };
}

/** @param isLast no tags come behind the text */
function replaceTags(text: string, speaker: Place, joints: Joints, isLast: boolean) {
  const tags = text.match(TAG)?.length ?? 0;
  let seen = 0;
  let current = speaker;
  const replaced = text.replace(TAG, (_, name: keyof typeof SPEAKERS, end: string | undefined) => {
    seen++;
    // What ends a turn is part of what begins the next.
    if (end !== undefined) return '';
    const next = SPEAKERS[name];
    const isAnswer = next === 'assistant' && isLast && seen === tags;
    const joint = joints.between(current, isAnswer ? 'answer' : next);
    current = next;
    return joint;
  });
  return { text: replaced, speaker: current };
}

/** What a model writes that goes on with the other side's turn; its end-of-text token ends the answer anyway. */
function stopOf(stop: string, joints: Joints, { description: { target } }: Templates): string {
  const joint = {
    '{{[INPUT]}}': joints.between('assistant', 'user'),
    '{{[OUTPUT]}}': joints.between('user', 'assistant'),
  };
  const text = Object.hasOwn(joint, stop) ? joint[stop as keyof typeof joint] : stop.replace(TAG, '');
  if (text === stop) return stop;
  return (target.eosText === '' ? text : text.replaceAll(target.eosText, '')).trim();
}

/** What a template writes between turns. */
class Joints {
  readonly #known: ReadonlyMap<string, string>;

  constructor(known: ReadonlyMap<string, string>) {
    this.#known = known;
  }

  /** Where the template has no such turns, what usually comes before a turn of that speaker. */
  between(before: Place, next: Speaker | 'answer'): string {
    const usual = { system: 'beginning', user: 'assistant', assistant: 'user', answer: 'user' } as const;
    return this.#known.get(`${before} ${next}`) ?? this.#known.get(`${usual[next]} ${next}`) ?? UNKNOWN[next];
  }
}

/** Chats in which each of the turns that follow each other occurs. */
const CHATS: readonly (readonly Speaker[])[] = [['user'], ['system', 'user'], ['user', 'assistant', 'user']];

/** Told apart from all that templates write, and left as they are by those that trim. */
const mark = (turn: number): string => `Outrider${turn}turn`;

async function jointsOf(service: Templates): Promise<Joints> {
  const known = new Map<string, string>();
  for (const speakers of CHATS) {
    const messages = speakers.map((role, turn): ChatMessage => ({ role, content: mark(turn) }));
    const text = await rendered(messages, service);
    if (text === undefined) continue;
    const places: readonly Place[] = ['beginning', ...speakers, 'answer'];
    const parts = text.split(/Outrider\d+turn/);
    // A template that leaves a message out, or says it twice, tells nothing of what stands between.
    if (parts.length !== speakers.length + 1) continue;
    for (const [i, part] of parts.entries()) known.set(`${places[i]} ${places[i + 1]}`, part);
  }
  return new Joints(known);
}

/** A chat as the template writes it, without begin-of-text, which the prompt gets as a token; `undefined` where it refuses. */
async function rendered(messages: readonly ChatMessage[], service: Templates): Promise<string | undefined> {
  const { bosText } = service.description.target;
  try {
    const text = await service.render({ messages });
    return bosText !== '' && text.startsWith(bosText) ? text.slice(bosText.length) : text;
  } catch (error) {
    if (error instanceof OutriderError && error.code === 'template_failed') return undefined;
    throw error;
  }
}
