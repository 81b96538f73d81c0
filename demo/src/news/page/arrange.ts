import type { FeedStatus } from "../server/wire.ts";
import type { Language } from "artesian-ui/language.ts";
import type { Headline } from "./headline.ts";

const HAN = /\p{Script=Han}/u;

/** The reader's filter. */
export interface Filter {
  /** A feed's name. Empty: all. */
  readonly feed: string;
  /** Words that a headline must have, in any order. Empty: any. */
  readonly text: string;
}

/** One feed with its headlines that pass the filter. */
export interface Section {
  readonly status: FeedStatus;
  /** Newest first. */
  readonly headlines: readonly Headline[];
  /** Number of new headlines that wait to be shown. */
  readonly held: number;
}

/** A search for the filter's words, loaded when there are words. */
export interface Search {
  /** Whether a headline, or its feed's title, has all words. */
  has(headline: Headline, feedTitle: string): boolean;
  /** Splits a text at the words. */
  split(text: string): readonly Part[];
}

/** A part of a text, and whether the part is a search word. */
export interface Part {
  readonly text: string;
  readonly found: boolean;
}

/** Sorts headlines, the newest first. Among equal times, the last to arrive comes first. */
export function newestFirst(headlines: Iterable<Headline>): Headline[] {
  return [...headlines].toReversed().toSorted((a, b) => b.at - a.at);
}

/** Puts the sample feeds in the page's language first. Other feeds keep their order. */
export function inOrder(feeds: readonly FeedStatus[], language: Language): readonly FeedStatus[] {
  const isFirst = ({ sample, title }: FeedStatus): boolean => sample && HAN.test(title) === (language === "zh-CN");
  return [...feeds.filter(isFirst), ...feeds.filter((status) => !isFirst(status))];
}

/**
 * Groups headlines by feed, in the order of the feeds, which does not change while the page is
 * read.
 */
export function arrange(
  feeds: readonly FeedStatus[],
  shown: readonly Headline[],
  held: readonly Headline[],
  filter: Filter,
  search: Search | undefined,
): readonly Section[] {
  return feeds
    .filter(({ name }) => filter.feed === "" || filter.feed === name)
    .map((status) => {
      const passes = (headline: Headline): boolean => headline.feed === status.name && search?.has(headline, status.title) !== false;
      return {
        status,
        headlines: shown.filter(passes),
        held: held.filter(passes).length,
      };
    });
}
