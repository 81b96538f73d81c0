import { type ComponentChildren, Fragment } from "preact";
import { useState } from "preact/hooks";
import type { Search, Section } from "./arrange.ts";
import type { Headline } from "./headline.ts";
import { Found, HeadlineLink, hostOf } from "./headline-link.tsx";
import { Picture } from "./picture.tsx";
import { newsTexts } from "./texts.ts";
import { ageText, exactTime } from "./times.ts";
import { usePart } from "artesian-ui/use-part.ts";
import type { ReadMarks } from "./use-read.ts";

/** Headlines of one feed until the reader asks for more. */
const FIRST = 7;

/** How all headlines are shown. */
export interface Look {
  readonly search: Search | undefined;
  readonly fresh: ReadonlySet<string>;
  readonly read: ReadMarks;
  /**
   * End of the reader's last visit, in milliseconds since 1970. Undefined during the first visit.
   */
  readonly since: number | undefined;
  readonly now: number;
}

interface FeedSectionProps {
  readonly section: Section;
  readonly id: string;
  /** Whether the feed is alone on the page. */
  readonly alone: boolean;
  readonly look: Look;
  readonly onShow: () => void;
}

/** One feed: its name, its trouble if it fails, and its headlines, newest first. */
export function FeedSection({ section, id, alone, look, onShow }: FeedSectionProps): ComponentChildren {
  const texts = newsTexts();
  const [open, setOpen] = useState(false);
  const { search, since, now } = look;
  const { status, headlines, held } = section;
  const first = alone ? FIRST * 2 : FIRST;
  const listed = open ? headlines : headlines.slice(0, first);
  // All headlines above have come since.
  const seenBefore = since === undefined ? -1 : headlines.findIndex(({ seenAt }) => seenAt <= since);
  const trouble = usePart(() => import("./trouble/feed-trouble.tsx"), status.failingSince !== undefined);
  const site = hostOf(status.link);
  return (
    <section class={alone ? "feed alone" : "feed"} aria-labelledby={id} data-testid="feed" data-feed={status.name}>
      <header class="feed-head">
        <h2 id={id} dir="auto">
          {status.title}
        </h2>
        {held > 0 && (
          <button type="button" class="button small feed-new" data-testid="feed-new" onClick={onShow}>
            {texts.newCount(held)}
            <span class="visually-hidden">{texts.newOf(status.title)}</span>
          </button>
        )}
        <p class="feed-site">{status.sample ? texts.inventedFeed : (site ?? "")}</p>
      </header>
      {trouble !== undefined && <trouble.FeedTrouble status={status} now={now} />}
      {headlines.length === 0 ? (
        <p class="feed-empty">{search !== undefined ? texts.nothingFound : waitingText(section)}</p>
      ) : (
        <ol class="headlines" data-testid="headlines">
          {listed.map((headline, index) => (
            <Fragment key={headline.id}>
              {index > 0 && index === seenBefore && since !== undefined && (
                <li class="visit-mark" data-testid="visit-mark">
                  {texts.sinceVisit(ageText(since, now))}
                </li>
              )}
              <HeadlineRow headline={headline} lead={index === 0} look={look} />
            </Fragment>
          ))}
        </ol>
      )}
      {headlines.length > first && (
        <button type="button" class="button quiet small more" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? texts.fewer : texts.older(headlines.length - first)}
          <span class="visually-hidden">{texts.ofFeed(status.title)}</span>
        </button>
      )}
    </section>
  );
}

function waitingText({ status }: Section): string {
  const texts = newsTexts();
  if (status.lastFetch === undefined) return texts.nothingYet;
  return status.items === 0 ? texts.emptyFeed : texts.nothingNew;
}

interface HeadlineRowProps {
  readonly headline: Headline;
  readonly lead: boolean;
  readonly look: Look;
}

function HeadlineRow({ headline, lead, look }: HeadlineRowProps): ComponentChildren {
  const { summary, at, author, link, picture } = headline;
  const { search, now } = look;
  const isFresh = look.fresh.has(headline.id);
  const isRead = look.read.has(headline.id);
  const isSearched = search !== undefined;
  return (
    <li
      class={["headline", lead ? "lead" : "", isFresh ? "fresh" : "", isRead ? "read" : "", picture === undefined ? "" : "pictured"].join(
        " ",
      )}
      data-testid="headline"
      data-id={headline.id}
      data-fresh={String(isFresh)}
      data-read={String(isRead)}
      tabIndex={-1}
    >
      <h3>
        <HeadlineLink headline={headline} search={search} />
        {isRead && <span class="visually-hidden">{newsTexts().isRead}</span>}
      </h3>
      {summary !== undefined && (lead || isSearched) && (
        <p class="summary" dir="auto">
          <Found text={summary} search={search} />
        </p>
      )}
      <p class="byline">
        {isFresh && <span class="new-mark">{newsTexts().newMark}</span>}
        <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
          {ageText(at, now)}
        </time>
        {author !== undefined && <span dir="auto">{author}</span>}
        {hostOf(link) !== undefined && <span>{hostOf(link)}</span>}
      </p>
      {picture !== undefined && <Picture headline={headline} src={picture} />}
    </li>
  );
}
