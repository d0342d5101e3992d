import { describe, expect, test } from 'vitest';
import { runPeer, summarisePeer } from './peer-runs.js';
import type { Peer, PeerRequest } from './peers/peer.js';

function fakePeer(fails = false) {
  const log: string[] = [];
  const peer: Peer = {
    name: 'other',
    setting: 'default',
    system: '',
    generate: async ({ prompt, tokens, temperature, seed }: PeerRequest) => {
      log.push(`generate ${prompt.join(' ')}, ${tokens} at ${temperature} from ${seed}`);
      if (fails) throw new Error('gone');
      return { ms: 10, tokens, drafted: 4, accepted: 3, text: 'x' };
    },
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    close: async () => {},
  };
  return { peer, log };
}

const plan = { prompts: [[1, 2], [3]], temperature: 0.8, seed: 7, tokens: 5 };

describe('a peer', () => {
  test('is awake for its own answers alone, which are summed', async () => {
    const { peer, log } = fakePeer();
    expect(await runPeer({ peer, ...plan })).toEqual({ ms: 20, tokens: 10, drafted: 8, accepted: 6 });
    expect(log).toEqual(['resume', 'generate 1 2, 5 at 0.8 from 7', 'generate 3, 5 at 0.8 from 7', 'pause']);
  });

  test('sleeps again when it fails', async () => {
    const { peer, log } = fakePeer(true);
    await expect(runPeer({ peer, ...plan })).rejects.toThrow('gone');
    expect(log.at(-1)).toBe('pause');
  });

  test('is not waited for any longer once the signal comes', async () => {
    const { peer, log } = fakePeer();
    const abort = new AbortController();
    const asleep: Peer = { ...peer, generate: () => new Promise(() => setImmediate(() => abort.abort())) };
    await expect(runPeer({ peer: asleep, ...plan, signal: abort.signal })).rejects.toThrow(/abort/i);
    expect(log.at(-1)).toBe('pause');
    log.length = 0;
    await expect(runPeer({ peer, ...plan, signal: abort.signal })).rejects.toThrow(/abort/i);
    expect(log).toEqual(['resume', 'pause']);
  });

  test('is compared by token, in pairs, with its own plain decoding and with ours', () => {
    const answer = (ms: number, tokens = 10) => ({ ms, tokens, drafted: 4, accepted: 2 });
    const ours = [10, 20, 30].map((ms) => ({
      ms,
      firstTokenMs: 1,
      texts: [{ prompt: [1], tokens: Array(10).fill(0) }],
      rounds: [],
    }));
    const summary = summarisePeer([answer(20), answer(20), answer(15, 5)], [answer(40), answer(10), answer(30)], ours);
    expect(summary).toEqual({
      ms: [20, 20, 15],
      tokensPerSecond: 500,
      speedup: 1,
      against: 1,
      againstInterval: [1, 2],
      drafted: 12,
      accepted: 6,
    });
    expect(summarisePeer([answer(20)], undefined, ours).speedup).toBeUndefined();
  });
});
