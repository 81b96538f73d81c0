import type { ComponentChildren } from "preact";
import type { Search } from "./arrange.ts";
import type { Headline } from "./headline.ts";
import { newsTexts } from "./texts.ts";

/**
 * A headline's text, as a link if it has one. The link opens in a new tab, and does not reveal the
 * reader's origin.
 */
export function HeadlineLink({ headline, search }: { headline: Headline; search?: Search | undefined }): ComponentChildren {
  const text = <Found text={headline.title} search={search} />;
  if (headline.link === undefined) return <span dir="auto">{text}</span>;
  return (
    <a href={headline.link} target="_blank" rel="noopener noreferrer">
      <span dir="auto">{text}</span>
      <span class="visually-hidden">{newsTexts().newTab}</span>
    </a>
  );
}

/** A text with the search words marked. */
export function Found({ text, search }: { text: string; search: Search | undefined }): ComponentChildren {
  return <>{search?.split(text).map((part, index) => (part.found ? <mark key={index}>{part.text}</mark> : part.text)) ?? text}</>;
}

/** The host of a link, unless the link leads to this server. Undefined without a link. */
export function hostOf(link: string | undefined): string | undefined {
  if (link === undefined) return undefined;
  const { host } = new URL(link);
  return host === location.host || isThisMachine(host) ? undefined : host.replace(/^www\./, "");
}

function isThisMachine(host: string): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host);
}
