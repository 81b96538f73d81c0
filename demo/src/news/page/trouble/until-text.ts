import { span } from "../times.ts";
import { troubleTexts } from "./texts.ts";

/** The time until an event. */
export function untilText(at: number, now: number): string {
  const { withinMinute, after } = troubleTexts();
  return at - now < 60_000 ? withinMinute : after(span(at - now));
}
