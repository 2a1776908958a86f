// Helpers that make elements. Texts become text nodes; nothing is parsed as HTML.

/** el makes an element. props are attributes; on has listeners, and class, dataset and value are what they say. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'on') for (const [type, f] of Object.entries(value)) node.addEventListener(type, f);
    else if (key === 'dataset') Object.assign(node.dataset, value);
    else if (key === 'value') node.value = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  node.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false));
}

export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

const SVG = 'http://www.w3.org/2000/svg';

// Icons of 24 by 24, as the data of paths that are drawn as lines.
const paths = {
  menu: 'M4 6h16M4 12h16M4 18h16',
  people: 'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21v-2a5 5 0 0 1 5-5h4a5 5 0 0 1 5 5v2M16 3.3a4 4 0 0 1 0 7.4M22 21v-2a5 5 0 0 0-3.5-4.8',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5',
  send: 'M4 12l16-8-6 16-3-6zM11 14l9-10',
  close: 'M5 5l14 14M19 5L5 19',
  down: 'M12 5v14M6 13l6 6 6-6',
  up: 'M12 19V5M6 11l6-6 6 6',
  reply: 'M9 7l-5 5 5 5M4 12h10a6 6 0 0 1 6 6v1',
  edit: 'M4 20l1-5L16 4l4 4L9 19zM14 6l4 4',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4',
  plus: 'M12 5v14M5 12h14',
  lock: 'M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3',
};

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}

/** iconButton makes a button that shows an icon and has a label. */
export function iconButton(name, label, click, props = {}) {
  return el('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, ...props, on: { click } }, icon(name));
}

export function button(label, click, props = {}) {
  return el('button', { type: 'button', ...props, on: { click } }, label);
}

/** field makes a labelled input. */
export function field(label, input, hint) {
  input.id ||= `f${++fields}`;
  const help = hint && el('small', { id: `${input.id}-hint` }, hint);
  if (help) input.setAttribute('aria-describedby', help.id);
  return el('div', { class: 'field' }, el('label', { for: input.id }, label), input, help);
}

let fields = 0;
