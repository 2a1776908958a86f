// The user's language.

/** The languages that there are texts in. */
export const languages = ['en', 'de'];

/** choose returns the first language of a list that there are texts in. */
export function choose(wanted) {
  for (const tag of wanted ?? []) {
    const short = tag.toLowerCase().split('-')[0];
    if (languages.includes(short)) return { language: short, locale: tag };
  }
  return { language: 'en', locale: 'en' };
}

const chosen = choose(globalThis.navigator?.languages);
export const language = chosen.language;
export const locale = chosen.locale;
