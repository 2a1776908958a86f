// Shows the text of a message: the nodes of markdown.js as elements.
import { el } from '../dom.js';
import { parse, inline } from '../markdown.js';

/** richText returns the elements of a text. name is highlighted if it is a word of it. */
export function richText(text) {
  return parse(text).map((block) => {
    switch (block.type) {
      case 'codeblock': return el('pre', { tabindex: '0' }, el('code', {}, block.text));
      case 'quote': return el('blockquote', {}, block.children.map(node));
      default: return el('p', {}, block.children.map(node));
    }
  });
}

export function richLine(text) {
  return inline(text).map(node);
}

function node(n) {
  switch (n.type) {
    case 'text': return document.createTextNode(n.text);
    case 'code': return el('code', {}, n.text);
    case 'link': return el('a', { href: n.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, n.text);
    default: return el(n.type, {}, n.children.map(node)); // strong and em
  }
}
