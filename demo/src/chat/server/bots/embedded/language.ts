import type { Language } from "../bot.ts";

/** A text's language: one of the bot's, another one, or no words at all. */
export function languageOf(text: string): Language | "other" | undefined {
  const han = text.match(/\p{sc=Han}/gu)?.length ?? 0;
  const latin = text.match(/[\p{sc=Latn}']+/gu)?.length ?? 0;
  const others = text.match(/(?![\p{sc=Latn}\p{sc=Han}\p{sc=Zyyy}\p{sc=Zinh}])\p{L}/gu)?.length ?? 0;
  if (others > han + latin || /[\p{sc=Hira}\p{sc=Kana}]/u.test(text)) return "other";
  if (han + latin === 0) return undefined;
  // A Chinese sentence names libraries in Latin letters, and an English one quotes a word or two.
  return han > 0 && han >= latin ? "zh" : "en";
}
