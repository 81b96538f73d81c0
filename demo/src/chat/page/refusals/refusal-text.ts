import { language } from "artesian-ui/language.ts";
import type { Refusal } from "../chat-api.ts";
import { refusalTexts } from "./texts.ts";

/** The sentence for a refusal, in the page's language. */
export function refusalText({ code, status, detail }: Refusal): string {
  const { other, ...known } = refusalTexts();
  const sentences: Readonly<Record<string, string>> = known;
  return (code === undefined ? undefined : sentences[code]) ?? (language() === "en" && detail !== "" ? detail : other(status));
}
