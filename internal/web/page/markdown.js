// A small part of Markdown: bold, italics, code, code blocks, quotes and links. Pure: the
// result is a tree of nodes { type, text | children | href }, never HTML.

const LINK = /\bhttps?:\/\/[^\s<>"'`]+/i;
const MARKS = [
  { open: '**', type: 'strong' },
  { open: '__', type: 'strong' },
  { open: '*', type: 'em' },
  { open: '_', type: 'em' },
];
const WORD = /[\p{L}\p{N}]/u;

/** parse returns the blocks of a text: paragraph, quote and codeblock. */
export function parse(text) {
  const blocks = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length;) {
    if (/^```[\w+-]*$/.test(lines[i].trimEnd())) {
      const end = lines.findIndex((l, at) => at > i && l.trimEnd() === '```');
      if (end > 0) {
        blocks.push({ type: 'codeblock', text: lines.slice(i + 1, end).join('\n') });
        i = end + 1;
        continue;
      }
    }
    const quote = /^> ?/.test(lines[i]);
    const from = i;
    while (i < lines.length && /^> ?/.test(lines[i]) === quote && (i === from || !lines[i].startsWith('```'))) i++;
    const part = lines.slice(from, i).map((l) => (quote ? l.replace(/^> ?/, '') : l)).join('\n');
    blocks.push({ type: quote ? 'quote' : 'paragraph', children: inline(part) });
  }
  return blocks;
}

/** inline returns the nodes of a text without blocks. */
export function inline(text, depth = 0) {
  const nodes = [];
  let plain = '';
  const flush = () => {
    if (plain) nodes.push({ type: 'text', text: plain });
    plain = '';
  };
  for (let i = 0; i < text.length;) {
    const node = code(text, i) ?? link(text, i) ?? (depth < 4 ? marked(text, i, depth) : undefined);
    if (node) {
      flush();
      nodes.push(node.node);
      i = node.end;
    } else {
      plain += text[i++];
    }
  }
  flush();
  return nodes;
}

function code(text, at) {
  if (text[at] !== '`') return undefined;
  const end = text.indexOf('`', at + 1);
  const inner = text.slice(at + 1, end);
  if (end < 0 || inner === '' || inner.includes('\n')) return undefined;
  return { node: { type: 'code', text: inner }, end: end + 1 };
}

function link(text, at) {
  if ((text[at] !== 'h' && text[at] !== 'H') || WORD.test(text[at - 1] ?? ' ')) return undefined;
  const match = LINK.exec(text.slice(at, at + 2048));
  if (match?.index !== 0) return undefined;
  const shown = trim(match[0]);
  const href = safe(shown);
  return href && { node: { type: 'link', href, text: shown }, end: at + shown.length };
}

/** trim leaves out punctuation that ends the sentence rather than the address. */
function trim(address) {
  for (;;) {
    const last = address.at(-1);
    if (/[.,;:!?*_~]/.test(last) || (last === ')' && count(address, ')') > count(address, '(')) || (last === ']' && count(address, ']') > count(address, '['))) {
      address = address.slice(0, -1);
    } else {
      return address;
    }
  }
}

function count(text, c) {
  return text.split(c).length - 1;
}

/** safe returns the address of a link, or undefined if it is not one of the web. */
export function safe(address) {
  try {
    const url = new URL(address);
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function marked(text, at, depth) {
  for (const { open, type } of MARKS) {
    if (!text.startsWith(open, at)) continue;
    const inside = at + open.length;
    // A mark begins before a word and ends after one; underlines not within words.
    if (/\s|^$/.test(text[inside] ?? '') || (open[0] === '_' && WORD.test(text[at - 1] ?? ' '))) continue;
    for (let end = text.indexOf(open, inside + 1); end > 0; end = text.indexOf(open, end + 1)) {
      const after = text[end + open.length] ?? ' ';
      if (/\s/.test(text[end - 1]) || (open[0] === '_' && WORD.test(after)) || (open.length === 1 && (after === open || text[end - 1] === open))) continue;
      const inner = text.slice(inside, end);
      if (inner.includes('\n\n')) break;
      return { node: { type, children: inline(inner, depth + 1) }, end: end + open.length };
    }
  }
  return undefined;
}
