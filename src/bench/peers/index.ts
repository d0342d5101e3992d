import { OutriderError } from '../../errors.js';
import { type LlamaServerOptions, openLlamaServers } from './llama-server.js';
import { openNodeLlamaCpp } from './node-llama-cpp.js';
import type { Peer } from './peer.js';

export type { Peer, PeerAnswer, PeerRequest } from './peer.js';

export type PeersOptions = Omit<LlamaServerOptions, 'program'>;

/**
 * Starts the programs that are named: `llama-server=PATH`, `node-llama-cpp`. All sleep until they are measured.
 * @throws OutriderError invalid_argument for another name, backend_failed when one does not start
 */
export async function openPeers(specs: readonly string[], options: PeersOptions): Promise<readonly Peer[]> {
  const peers: Peer[] = [];
  try {
    for (const spec of specs) {
      const [name, path] = spec.split(/=(.*)/s);
      if (name === 'llama-server' && path) peers.push(...(await openLlamaServers({ ...options, program: path })));
      else if (name === 'node-llama-cpp') peers.push(...(await openNodeLlamaCpp(options)));
      else {
        throw new OutriderError(
          'invalid_argument',
          `against: expected llama-server=PATH or node-llama-cpp, got ${spec}`,
          {
            parameter: 'against',
          },
        );
      }
    }
    return peers;
  } catch (error) {
    for (const peer of peers) await peer.close();
    throw error;
  }
}
