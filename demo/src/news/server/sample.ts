import { CULTURE, PLACES, SCIENCE, type Story, TOWN } from "./sample-headlines.ts";
import { CHINESE_PLACES, CHINESE_STORIES } from "./sample-headlines-chinese.ts";

/** Interval of the headlines of a sample feed, in milliseconds. The four feeds take turns. */
export const SAMPLE_PERIOD_MS = 60_000;

/** Number of headlines in a sample feed, the newest. */
const SHOWN = 20;

/** A sample feed. */
export interface SampleFeed {
  readonly name: string;
  readonly title: string;
  /** The feed's path, whose ending tells the format. */
  readonly path: string;
  readonly stories: readonly Story[];
  readonly places: readonly string[];
  /** Stands behind each summary. */
  readonly mark: string;
  /** Time of the headline in each period, in milliseconds. */
  readonly offsetMs: number;
}

const ENGLISH = { places: PLACES, mark: " (Invented.)" };

export const SAMPLE_FEEDS: readonly SampleFeed[] = [
  { name: "sample", title: "Sample feed: town", path: "/news/sample.xml", stories: TOWN, offsetMs: 0, ...ENGLISH },
  {
    name: "sample-zh",
    title: "示例：水乡见闻",
    path: "/news/sample-zh.xml",
    stories: CHINESE_STORIES,
    offsetMs: 15_000,
    places: CHINESE_PLACES,
    mark: "（虚构）",
  },
  { name: "sample-science", title: "Sample feed: science", path: "/news/sample.atom", stories: SCIENCE, offsetMs: 30_000, ...ENGLISH },
  { name: "sample-culture", title: "Sample feed: culture", path: "/news/sample.json", stories: CULTURE, offsetMs: 45_000, ...ENGLISH },
];

/** An invented headline. */
export interface SampleItem {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** Target of a sample headline: a page that says that the headline is invented. */
export const SAMPLE_ITEM_PATH = "/news/sample/";

/**
 * The headlines of a sample feed at some time, newest first. They follow from the time alone, so
 * that a restart continues the series, and no headline is repeated within two days.
 */
export function sampleItems(feed: SampleFeed, nowMs: number): readonly SampleItem[] {
  const newest = Math.floor((nowMs - feed.offsetMs) / SAMPLE_PERIOD_MS);
  return Array.from({ length: SHOWN }, (_, i) => sampleItem(feed, newest - i));
}

function sampleItem(feed: SampleFeed, number: number): SampleItem {
  const { stories, places } = feed;
  const round = Math.floor(number / stories.length);
  // A step coprime to the number of stories visits each once a round, in another order than that of
  // the file.
  const story = (number * 7 + round) % stories.length;
  const [title, summary] = stories[story] ?? ["", ""];
  // The feeds must not have the same place and number at a time.
  const shift = feed.offsetMs / 5000;
  const place = places[(round + story * 3 + shift) % places.length] ?? "";
  // When a story has been through all places, its number changes.
  const count = String(((Math.floor(round / places.length) + story * 5 + shift) % 23) + 5);
  const fill = (text: string): string => text.replace("{place}", place).replace("{n}", count);
  return {
    id: `${feed.name}-${number}`,
    title: fill(title),
    summary: `${summary}${feed.mark}`,
    at: number * SAMPLE_PERIOD_MS + feed.offsetMs,
  };
}
