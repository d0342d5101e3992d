import { expect, test } from 'vitest';
import type { Chat } from './chat.js';
import { exported, imported } from './portable.js';

const CHAT: Chat = {
  id: 'a',
  title: 'Foxes',
  named: true,
  created: 1,
  changed: 2,
  system: 'Be brief.',
  settings: { mode: 'auto', temperature: 0.5, seed: 0 },
  messages: [
    { id: 'b', role: 'user', text: 'Hi' },
    { id: 'c', role: 'assistant', text: 'think</think>Hello', reasoning: true },
  ],
};

function names() {
  let count = 0;
  return () => `new ${count++}`;
}

test('what was exported is imported, as new chats', () => {
  const [chat, ...more] = imported(exported([CHAT]), names());
  expect(more).toEqual([]);
  expect(chat).toEqual({
    ...CHAT,
    id: 'new 0',
    messages: [
      { ...CHAT.messages[0], id: 'new 1' },
      { ...CHAT.messages[1], id: 'new 2' },
    ],
  });
});

const changed = (change: (file: ReturnType<typeof JSON.parse>) => void) => {
  const file = JSON.parse(exported([CHAT]));
  change(file);
  return JSON.stringify(file);
};

test.each([
  ['{', 'not JSON'],
  ['[]', 'the file: expected an object, got []'],
  ['{}', 'not a file of chats'],
  [changed((file) => Object.assign(file, { version: 2 })), 'version 2'],
  [changed((file) => Object.assign(file, { chats: {} })), 'chats: expected a list'],
  [changed((file) => delete file.chats[0].title), 'chat 1, title: expected a text, got nothing'],
  [
    changed((file) => Object.assign(file.chats[0].messages[1], { role: 'system' })),
    'chat 1, message 2, role: expected user',
  ],
  [changed((file) => Object.assign(file.chats[0].settings, { mode: 'fast' })), 'settings, mode: expected speculative'],
  [changed((file) => Object.assign(file.chats[0].settings, { topK: '5' })), 'settings, topK: expected a number'],
])('%s is refused', (text, message) => {
  expect(() => imported(text, names())).toThrow(message);
});
