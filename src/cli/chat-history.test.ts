import { expect, test } from 'vitest';
import { ChatHistory } from './chat-history.js';

const user = (content: string) => ({ role: 'user', content }) as const;
const assistant = (content: string) => ({ role: 'assistant', content }) as const;
const system = { role: 'system', content: 'Be brief.' };
const TURNS = [user('one'), assistant('1'), user('two'), assistant('2'), user('three')];

const history = (turns = TURNS) => new ChatHistory({ system: system.content, turns });

test('the models see all turns behind the system message', () => {
  expect(history().messages()).toEqual([system, ...TURNS]);
  expect(new ChatHistory({ system: undefined, turns: [] }).messages()).toEqual([]);
});

test('a message that was not answered makes way for the next one', () => {
  const chat = history();
  chat.say('four');
  expect(chat.turns).toEqual([...TURNS.slice(0, 4), user('four')]);
  chat.answered('4');
  chat.say('five');
  expect(chat.turns.slice(4)).toEqual([user('four'), assistant('4'), user('five')]);
});

test('an answer is taken back, a question never', () => {
  const chat = history();
  expect(chat.takeBack()).toBe(true);
  expect(chat.turns).toEqual(TURNS);
  chat.answered('3');
  expect(chat.takeBack()).toBe(true);
  expect(chat.turns).toEqual(TURNS);
  chat.clear();
  expect(chat.takeBack()).toBe(false);
});

test('what is asked ends with the last question, or with another one in the place of one without an answer', () => {
  const chat = history();
  expect(chat.asked()).toEqual([system, ...TURNS]);
  expect(chat.asked('else')).toEqual([system, ...TURNS.slice(0, 4), user('else')]);
  chat.answered('3');
  expect(chat.asked()).toEqual([system, ...TURNS]);
  expect(chat.asked('else')).toEqual([system, ...TURNS, assistant('3'), user('else')]);
  expect(new ChatHistory({ system: undefined, turns: [] }).asked()).toEqual([]);
  expect(history([]).asked('else')).toEqual([system, user('else')]);
});

test('what is forgotten stays in the chat, and the models no longer see it', () => {
  const chat = history();
  expect(chat.laterQuestions).toEqual([2, 4]);
  expect(chat.messages(2)).toEqual([system, ...TURNS.slice(2)]);
  chat.forgetBefore(2);
  expect(chat.messages()).toEqual([system, ...TURNS.slice(2)]);
  expect(chat.turns).toEqual(TURNS);
  expect(chat.laterQuestions).toEqual([4]);
  chat.clear();
  chat.say('new');
  expect(chat.messages()).toEqual([system, user('new')]);
});
