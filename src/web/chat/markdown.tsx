/** Markdown as elements. Nothing that a model writes becomes HTML: its tags show as text, its addresses are looked at. */
import type { MarkedToken, Token, Tokens } from 'marked';
import { Component, type ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { CopyButton } from '../copy-button.js';
import { MarkdownBlocks, safeAddress, withEntities } from './markdown-blocks.js';

export function Markdown({ text }: { readonly text: string }) {
  const blocks = useRef(new MarkdownBlocks());
  return (
    <div class="markdown">
      {blocks.current.read(text).map((token, index) => (
        <Block key={index} token={token} />
      ))}
    </div>
  );
}

/** Blocks that were read before are the same objects, and are not drawn again. */
class Block extends Component<{ readonly token: Token }> {
  override shouldComponentUpdate({ token }: { readonly token: Token }): boolean {
    return token !== this.props.token;
  }

  override render() {
    return blockOf(this.props.token as MarkedToken);
  }
}

function blockOf(token: MarkedToken): ComponentChildren {
  switch (token.type) {
    case 'heading': {
      // Headings of an answer stand below those of the page.
      const Heading = `h${Math.min(token.depth + 2, 6)}` as 'h3';
      return <Heading>{inlines(token.tokens)}</Heading>;
    }
    case 'paragraph':
      return <p>{inlines(token.tokens)}</p>;
    case 'code':
      return <CodeBlock text={token.text} language={token.lang?.match(/\S+/)?.[0] ?? ''} />;
    case 'blockquote':
      return <blockquote>{blocks(token.tokens)}</blockquote>;
    case 'list':
      return <List list={token} />;
    case 'table':
      return <Table table={token} />;
    case 'hr':
      return <hr />;
    case 'space':
    case 'def':
      return null;
    default:
      return <p>{inlineOf(token)}</p>;
  }
}

function blocks(tokens: readonly Token[]): ComponentChildren {
  return tokens.map((token) => blockOf(token as MarkedToken));
}

function inlines(tokens: readonly Token[]): ComponentChildren {
  return tokens.map((token) => inlineOf(token as MarkedToken));
}

function inlineOf(token: MarkedToken): ComponentChildren {
  switch (token.type) {
    case 'strong':
      return <strong>{inlines(token.tokens)}</strong>;
    case 'em':
      return <em>{inlines(token.tokens)}</em>;
    case 'del':
      return <del>{inlines(token.tokens)}</del>;
    case 'codespan':
      return <code>{token.text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return <Link href={token.href}>{inlines(token.tokens)}</Link>;
    case 'image':
      // Pictures of other servers are not fetched.
      return <Link href={token.href}>{withEntities(token.text) || token.href}</Link>;
    case 'checkbox':
      return (
        <input type="checkbox" checked={token.checked} disabled aria-label={token.checked ? 'done' : 'not done'} />
      );
    case 'escape':
      return token.text;
    case 'text':
      return token.tokens === undefined ? withEntities(token.text) : inlines(token.tokens);
    default:
      return token.raw;
  }
}

function Link({ href, children }: { readonly href: string; readonly children: ComponentChildren }) {
  const address = safeAddress(href);
  if (address === undefined) return <>{children}</>;
  return (
    <a href={address} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

function List({ list: { ordered, start, items } }: { readonly list: Tokens.List }) {
  const entries = items.map(({ tokens, task }, index) => (
    <li key={index} class={task ? 'task' : undefined}>
      {tokens.map((token) =>
        token.type === 'text' || token.type === 'checkbox'
          ? inlineOf(token as MarkedToken)
          : blockOf(token as MarkedToken),
      )}
    </li>
  ));
  return ordered ? <ol start={start === '' ? 1 : start}>{entries}</ol> : <ul>{entries}</ul>;
}

function Table({ table: { header, rows } }: { readonly table: Tokens.Table }) {
  const cell =
    (Cell: 'th' | 'td') =>
    ({ tokens, align }: Tokens.TableCell, index: number) => (
      <Cell key={index} class={align ?? undefined}>
        {inlines(tokens)}
      </Cell>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <div class="table" tabIndex={0}>
      <table>
        <thead>
          <tr>{header.map(cell('th'))}</tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>{row.map(cell('td'))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CodeBlock({ text, language }: { readonly text: string; readonly language: string }) {
  return (
    <figure class="code">
      <figcaption>
        <span>{language || 'code'}</span>
        <CopyButton text={text} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
