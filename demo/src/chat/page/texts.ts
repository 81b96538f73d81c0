import { language, textsOf } from "artesian-ui/language.ts";
import { en } from "./texts.en.tsx";
import { zhCN } from "./texts.zh-CN.tsx";

/** The texts of the chat page. */
export const chatTexts = textsOf({ en, "zh-CN": zhCN });

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
