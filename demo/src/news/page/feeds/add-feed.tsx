import type { ComponentChildren, TargetedEvent } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { type AddedFeeds, type AddFeeds, MAX_FEEDS, OPML_PATH } from "../../server/adding-feeds.ts";
import { addFeeds, type FeedsProblem } from "./feeds-api.ts";
import { readOpml } from "./opml.ts";
import { feedsTexts } from "./texts.ts";

const LINE = "npx artesian-demo --feed World=https://example.com/world.rss";

interface AddFeedProps {
  /** The id of its text box in the page. */
  readonly id: string;
  readonly onOtherList: () => void;
}

/** Adds feeds, by an address or from an OPML file. */
export function AddFeed({ id, onOtherList }: AddFeedProps): ComponentChildren {
  const texts = feedsTexts();
  const [address, setAddress] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<AddedFeeds | FeedsProblem>();
  const [leftOut, setLeftOut] = useState(0);

  async function add(feeds: AddFeeds["feeds"], leftOutOfFile = 0): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    const answer = feeds.length === 0 ? ({ problem: "no_opml", status: 0 } as const) : await addFeeds(feeds);
    setBusy(false);
    setOutcome(answer);
    setLeftOut(leftOutOfFile);
    if (!("added" in answer) || answer.added === 0) return;
    setAddress("");
    onOtherList();
  }

  function onSubmit(event: Event): void {
    event.preventDefault();
    const typed = address.trim();
    if (typed !== "") void add([{ url: /^[a-z][a-z+.-]*:/i.test(typed) ? typed : `https://${typed}` }]);
  }

  async function readFile(file: File): Promise<void> {
    const read = await readOpml(file);
    if (read !== "too_large") return add(read.feeds, read.leftOut);
    setOutcome({ problem: "opml_too_large", status: 0 });
    setLeftOut(0);
  }

  function onFile({ currentTarget }: TargetedEvent<HTMLInputElement>): void {
    const file = currentTarget.files?.[0];
    if (file !== undefined) void readFile(file);
    // The same file may be chosen once more.
    currentTarget.value = "";
  }

  return (
    <div class="add-feed" data-testid="add-feed">
      <form onSubmit={onSubmit}>
        <label for={id}>{texts.address}</label>
        <div class="add-row">
          <input
            id={id}
            class="field"
            type="text"
            inputMode="url"
            maxLength={2048}
            placeholder="https://example.com/feed.xml"
            autoComplete="off"
            spellcheck={false}
            data-testid="feed-address"
            value={address}
            onInput={(event) => setAddress(event.currentTarget.value)}
          />
          <button class="button" aria-disabled={isBusy}>
            {isBusy ? texts.adding : texts.add}
          </button>
        </div>
        <div role="status" data-testid="add-outcome">
          {outcome !== undefined && sentencesOf(outcome).map((sentence) => <p key={sentence}>{sentence}</p>)}
          {leftOut > 0 && <p>{texts.leftOut(leftOut, MAX_FEEDS)}</p>}
        </div>
      </form>
      <p class="opml">
        <label class="button quiet small">
          {texts.opmlIn}
          <input class="visually-hidden" type="file" accept=".opml,.xml,text/x-opml,text/xml" data-testid="opml-in" onChange={onFile} />
        </label>
        <a class="button quiet small" href={OPML_PATH} download="feeds.opml" data-testid="opml-out">
          {texts.opmlOut}
        </a>
      </p>
      <p>{texts.howTo}</p>
      <div class="add-line">
        <pre>
          <code data-testid="add-line">{LINE}</code>
        </pre>
        <CopyButton text={LINE} label={texts.copyLine} />
      </div>
    </div>
  );
}

/** What has become of a request, for people. */
function sentencesOf(outcome: AddedFeeds | FeedsProblem): readonly string[] {
  const texts = feedsTexts();
  if ("problem" in outcome) return [problemText(outcome)];
  const { added, refused } = outcome;
  const sentences = refused.map(({ url, code }) =>
    added + refused.length === 1 ? texts.refused[code] : texts.withAddress(texts.refused[code], url),
  );
  return added === 0 ? sentences : [texts.added(added), ...sentences];
}

/** A problem, for people. */
export function problemText({ problem, status }: FeedsProblem): string {
  const text = feedsTexts().problems[problem];
  return typeof text === "string" ? text : text(status);
}
