// @ts-check
import assert from 'node:assert/strict';

/** A generation that the embedded pair gets right, as a command for `outrider`; its output is for `checkCount`. */
export const COUNT = ['run', 'Count from 1 to 5.', '--chat', '--temp', '0', '--json'];

/** @param {string} stdout of the command above */
export function checkCount(stdout) {
  const { text, finishReason, mode, speculation } = JSON.parse(stdout);
  assert.equal(text.trim(), '1, 2, 3, 4, 5');
  assert.equal(finishReason, 'stop');
  assert.equal(mode, 'speculative');
  const { drafted, accepted, rejected, discarded } = speculation;
  assert.equal(drafted, accepted + rejected + discarded);
}
