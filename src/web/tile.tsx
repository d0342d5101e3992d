interface Props {
  readonly name: string;
  readonly value: string;
  /** What the value is, or is of. */
  readonly more: string;
}

/** A figure among others, in a `dl` of class `tiles`. */
export function Tile({ name, value, more }: Props) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        <small>{more}</small>
      </dd>
    </div>
  );
}
