import { Piece } from '../look-card.js';
import { Scrolling } from '../scrolling.js';
import type { Differences, VocabularyFit } from './messages.js';

interface Props {
  readonly draft: string;
  readonly fit: VocabularyFit;
}

/** How a draft's vocabulary compares with the target's. */
export function Vocabulary({ draft, fit }: Props) {
  const { sharedIds, equalIds, differing, onlyTarget, onlyDraft, movedTokens, masked, metadataDifferences } = fit;
  const counts: readonly (readonly [name: string, count: number, examples?: Differences])[] = [
    ['Ids that both use', sharedIds],
    ['… for the same token', equalIds],
    ['… for different ones', differing.count, differing],
    ['Ids of the target alone', onlyTarget.count, onlyTarget],
    ['Ids of the draft alone', onlyDraft.count, onlyDraft],
    ['Tokens found under another id', movedTokens],
    ['Tokens that the draft never proposes', masked],
  ];
  return (
    <div class="panel">
      <h2>
        Vocabulary of {draft}{' '}
        <span class="soft">
          {sharedIds === equalIds && masked === 0 ? 'the same as the target’s' : 'compared with the target’s'}
        </span>
      </h2>
      <Scrolling label={`Vocabulary of ${draft}`}>
        <table class="figures">
          <tbody>
            {counts.map(([name, count, examples]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{count.toLocaleString('en')}</td>
                <td class="words">{examples && <Examples {...examples} />}</td>
              </tr>
            ))}
            {metadataDifferences.map(({ name, target, draft }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>differs</td>
                <td class="words">
                  <Piece text={target} /> and <Piece text={draft} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </div>
  );
}

function Examples({ examples }: Differences) {
  return (
    <>
      {examples.map(({ id, target, draft }) => (
        <span key={id} class="example">
          {id}: {target !== undefined && <Piece text={target} />}
          {target !== undefined && draft !== undefined && ' and '}
          {draft !== undefined && <Piece text={draft} />}
        </span>
      ))}
    </>
  );
}
