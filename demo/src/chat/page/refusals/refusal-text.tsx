import type { ComponentChildren } from "preact";
import { language } from "artesian-ui/language.ts";
import type { Refusal } from "../chat-api.ts";
import { refusalTexts } from "./texts.ts";

/** The sentence for a refusal, in the page's language. */
export function RefusalText({ code, status, detail }: Refusal): ComponentChildren {
  const { other, ...known } = refusalTexts();
  const sentences: Readonly<Record<string, string>> = known;
  const sentence = code === undefined ? undefined : sentences[code];
  return <>{sentence ?? (language() === "en" && detail !== "" ? detail : other(status))}</>;
}
