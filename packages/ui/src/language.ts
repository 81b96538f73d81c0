import { browserStorage } from "./storage.ts";

/** Languages of the pages, as tags of BCP 47, each with its name in itself. */
export const LANGUAGES = { en: "EN", "zh-CN": "中文" } as const;

export type Language = keyof typeof LANGUAGES;

/** The same texts in every language. */
export type Tables<T> = Readonly<Record<Language, T>>;

const KEY = "artesian.language";

const listeners = new Set<() => void>();
let chosen: Language | undefined;

/**
 * The page's language: of the address (`?lang=zh-CN`), else the one chosen on an earlier visit, else
 * the first of the browser's languages that there is a table for, else English.
 */
export function language(): Language {
  chosen ??= pickLanguage(new URLSearchParams(location.search).get("lang"), browserStorage.getItem(KEY), ...navigator.languages);
  return chosen;
}

/** Chooses a language, also for later visits. The whole page is drawn again. */
export function chooseLanguage(choice: Language): void {
  chosen = choice;
  browserStorage.setItem(KEY, choice);
  for (const listener of listeners) listener();
}

/** @returns Stops the notifications. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param wanted - Tags in the order of preference. All of Chinese reads simplified Chinese rather than English. */
export function pickLanguage(...wanted: readonly (string | null)[]): Language {
  for (const tag of wanted) {
    if (tag !== null && /^zh\b/i.test(tag)) return "zh-CN";
    if (tag !== null && /^en\b/i.test(tag)) return "en";
  }
  return "en";
}

/**
 * Makes the function that returns a page's texts. Call it where the page is drawn, and not before:
 * the language may change.
 */
export function textsOf<T>(tables: Tables<T>): () => T {
  return () => tables[language()];
}

/** Loads the table of a language, for each part of the page that has one. */
const loading = new Set<(tag: Language) => Promise<void>>();

/**
 * Like `textsOf`, with tables that are loaded when their language is needed. Until then the last
 * one that is there is shown. `startPage` waits for {@link loadTexts}.
 */
export function loadedTextsOf<T>(load: Readonly<Record<Language, () => Promise<{ readonly texts: T }>>>): () => T {
  const tables = new Map<Language, T>();
  let newest: T;
  loading.add(async (tag) => {
    newest = tables.get(tag) ?? (await load[tag]()).texts;
    tables.set(tag, newest);
  });
  return () => tables.get(language()) ?? newest;
}

/** Loads the tables of the page's language. A part that is loaded later calls this again. */
export async function loadTexts(): Promise<void> {
  const tag = language();
  await Promise.all([...loading].map((load) => load(tag)));
}

/**
 * A formatter of `Intl` that follows the page's language.
 *
 * @param make - Such as `(tag) => new Intl.NumberFormat(tag)`.
 */
export function formatterOf<F>(make: (tag: string) => F): () => F {
  const made = new Map<string, F>();
  return () => {
    const tag = localeOf(language());
    const formatter = made.get(tag) ?? make(tag);
    made.set(tag, formatter);
    return formatter;
  };
}

/** The reader's own region, if the browser has one for the language: dates differ in `en-GB` and `en-US`. */
function localeOf(tag: Language): string {
  return navigator.languages.find((own) => pickLanguage(own) === tag && own.slice(0, 2) === tag.slice(0, 2)) ?? tag;
}
