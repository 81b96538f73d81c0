import { language, loadedTextsOf } from "artesian-ui/language.ts";
import type { ChatTexts } from "./texts.en.tsx";

/** The texts of the chat page. */
export const chatTexts: () => ChatTexts = loadedTextsOf({
  en: () => import("./texts.en.tsx").then(({ en }) => en),
  "zh-CN": () => import("./texts.zh-CN.tsx").then(({ zhCN }) => zhCN),
});

/** Why the server refused a message. */
export interface Refusal {
  /** The reason of the problem details, or their code. */
  readonly code: string | undefined;
  readonly status: number;
  /** The server's own words, which are English. */
  readonly detail: string;
}

/** The sentence for a refusal, in the page's language. */
export function refusalText({ code, status, detail }: Refusal): string {
  const { other, ...known } = chatTexts().refusals;
  const sentences: Readonly<Record<string, string>> = known;
  return (code === undefined ? undefined : sentences[code]) ?? (language() === "en" && detail !== "" ? detail : other(status));
}
