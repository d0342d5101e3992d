import { Scrolling } from '../scrolling.js';
import { Tile } from '../tile.js';
import type { Pair, Status } from './messages.js';

/** How the engine is. */
export function Engine({ pair, status }: { readonly pair: Pair; readonly status: Status }) {
  const { state, reason, restarts, running, queued, version } = status;
  const { contextSize, parallel, strict, llama, loadMs } = pair;
  return (
    <dl class="tiles">
      <Tile name="Engine" value={state} more={reason ?? `loaded in ${(loadMs / 1000).toFixed(2)} s`} />
      <Tile name="Requests" value={`${running} running`} more={`${queued} waiting, room for ${parallel} at once`} />
      <Tile name="Restarts" value={String(restarts)} more={restarts === 0 ? 'it never died' : 'requests went on'} />
      <Tile
        name="Context of a request"
        value={contextSize.toLocaleString('en')}
        more={strict ? 'tokens; strict: always the same bits' : 'tokens'}
      />
      <Tile name="Version" value={version} more={`llama.cpp ${llama.version} on ${llama.devices.join(', ')}`} />
    </dl>
  );
}

/** The sequences of the models' contexts. */
export function Slots({ slots }: Pick<Status, 'slots'>) {
  return (
    <div class="panel">
      <h2>Slots</h2>
      <Scrolling label="Slots">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Slot</th>
              <th scope="col" class="words">
                Model
              </th>
              <th scope="col" class="words">
                State
              </th>
              <th scope="col">Tokens kept</th>
            </tr>
          </thead>
          <tbody>
            {slots.map(({ id, model, state, cachedTokens }) => (
              <tr key={id}>
                <th scope="row">{id}</th>
                <td class="words">{model}</td>
                <td class="words">{state}</td>
                <td>{cachedTokens.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </div>
  );
}
