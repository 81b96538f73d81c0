import type { FeedsUnavailable } from "../fetch-feeds.ts";
import { troubleTexts } from "./texts.ts";

/** The trouble of the server as a sentence for people, in the language of the moment. */
export function unavailableText({ code, status }: FeedsUnavailable): string {
  const text = troubleTexts().unavailable[code];
  return typeof text === "string" ? text : text(status);
}
