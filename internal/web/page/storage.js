// What the page stores in the browser. A browser may refuse to; then nothing is kept.

function box(area) {
  return {
    get(key, fallback) {
      try {
        const text = area()?.getItem(`chat.${key}`);
        return text == null ? fallback : JSON.parse(text);
      } catch {
        return fallback;
      }
    },
    set(key, value) {
      try {
        area().setItem(`chat.${key}`, JSON.stringify(value));
      } catch { /* full, or not allowed */ }
    },
    remove(key) {
      try {
        area().removeItem(`chat.${key}`);
      } catch { /* not allowed */ }
    },
    clear() {
      try {
        for (const key of Object.keys(area())) if (key.startsWith('chat.')) area().removeItem(key);
      } catch { /* not allowed */ }
    },
  };
}

/** What belongs to this tab and outlives a reload: the session, drafts, unsent messages. */
export const tab = box(() => globalThis.sessionStorage);

/** What belongs to this browser: the user's choices. */
export const device = box(() => globalThis.localStorage);
