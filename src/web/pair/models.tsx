import { Scrolling } from '../scrolling.js';
import type { Model, Pair } from './messages.js';

const ROWS: readonly (readonly [name: string, value: (model: Model) => string])[] = [
  ['Kind', ({ description }) => description],
  ['Parameters', ({ parameters }) => short(parameters)],
  ['Size', ({ bytes }) => `${short(bytes)}B`],
  ['Vocabulary', ({ vocabularySize, vocabularyType }) => `${vocabularySize.toLocaleString('en')} (${vocabularyType})`],
  ['Trained context', ({ trainedContext }) => trainedContext.toLocaleString('en')],
  ['Device', ({ device }) => device],
  ['Threads', ({ threads }) => String(threads)],
  ['Cache of keys, values', ({ cacheTypeK, cacheTypeV }) => `${cacheTypeK}, ${cacheTypeV}`],
];

/** The models side by side. */
export function Models({ target, drafts }: Pick<Pair, 'target' | 'drafts'>) {
  const models = [target, ...drafts];
  return (
    <Scrolling label="Models">
      <table class="figures models">
        <thead>
          <tr>
            <td />
            <th scope="col">Target</th>
            {drafts.map(({ name }, index) => (
              <th scope="col" key={name}>
                {drafts.length === 1 ? 'Draft' : `Draft ${index + 1}`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Name</th>
            {models.map(({ name }) => (
              <td key={name}>
                <b>{name}</b>
              </td>
            ))}
          </tr>
          {ROWS.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {models.map((model) => (
                <td key={model.name}>{value(model)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolling>
  );
}

/** Three digits and a prefix of the SI. */
function short(value: number): string {
  const prefixes = ['', ' k', ' M', ' G', ' T'];
  const step = Math.min(prefixes.length - 1, Math.max(0, Math.floor(Math.log10(value) / 3)));
  return `${Number((value / 1000 ** step).toPrecision(3))}${prefixes[step] || ' '}`;
}
