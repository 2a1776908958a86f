import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COLOURS } from '../page/format.js';

const css = readFileSync(new URL('../page/chat.css', import.meta.url), 'utf8');

/** themes returns the colours of both sets, as numbers from 0 to 1. */
function themes() {
  return [...css.matchAll(/:root \{([^}]*)\}/g)].map((m) => Object.fromEntries([...m[1].matchAll(/--([\w-]+): #(\w{6})/g)]
    .map(([, name, hex]) => [name, [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)])));
}

// Relative luminance and contrast, as in WCAG 2.2.
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const mix = (a, b, part) => a.map((c, i) => c * part + b[i] * (1 - part));

test('texts and names have enough contrast on all that they stand on', () => {
  const all = themes();
  assert.equal(all.length, 2);
  all.forEach((theme, dark) => {
    const check = (ink, on, least = 4.5) => {
      const have = contrast(theme[ink], Array.isArray(on) ? on : theme[on]);
      assert.ok(have >= least, `${dark ? 'dark' : 'light'}: ${ink} on ${on} has ${have.toFixed(2)}`);
    };
    for (const on of ['bg', 'side', 'raised', 'own', 'private', 'mark', 'code', 'hover']) {
      for (const ink of ['ink', 'soft', 'accent', 'danger']) check(ink, on);
      check('focus', on, 3);
    }
    check('on-accent', 'accent');
    for (let i = 0; i < COLOURS; i++) {
      for (const on of ['bg', 'own', 'private', 'mark']) check(`c${i}`, on);
      check(`c${i}`, mix(theme[`c${i}`], theme.bg, 0.14));
    }
  });
});
