import type { ComponentChildren } from "preact";
import type { ChatPresence } from "../server/wire.ts";
import { Avatar } from "./avatar.tsx";
import type { MarkOf } from "./homonyms.ts";
import { NameMark } from "./name-mark.tsx";
import { chatTexts } from "./texts.ts";

interface PeopleProps {
  readonly presence: ChatPresence;
  readonly you: string | undefined;
  readonly botName: string | undefined;
  readonly muted: ReadonlySet<string>;
  readonly markOf: MarkOf;
  /** On a narrow screen the list is shown on demand. */
  readonly open: boolean;
  /** Stands below the people. */
  readonly children?: ComponentChildren;
}

/** The list of people, which follows the open connections and is never a guess. */
export function People({ presence, you, botName, muted, markOf, open, children }: PeopleProps): ComponentChildren {
  const texts = chatTexts();
  const unlisted = presence.total - presence.visitors.length;
  return (
    <aside id="people" class={open ? "people open" : "people"} aria-labelledby="people-title" data-testid="people">
      <h2 id="people-title">
        {texts.people.heading} <span data-testid="people-count">{presence.total}</span>
      </h2>
      <ul>
        {presence.visitors.map(({ nickname, visitor }) => (
          <li key={visitor} data-testid="person">
            <Avatar name={nickname} visitor={visitor} />
            <span class="person-name">{nickname}</span>
            <NameMark mark={markOf(nickname, visitor)} />
            {muted.has(visitor) && <span class="tag">{texts.moderation.muted}</span>}
            {visitor === you && <span class="tag">{texts.thisIsYou}</span>}
          </li>
        ))}
        {unlisted > 0 && <li class="more">{texts.people.more(unlisted)}</li>}
        {botName !== undefined && (
          <li class="person-bot">
            <Avatar name={botName} bot />
            <span class="person-name">{botName}</span>
            <span class="tag">{texts.bot}</span>
          </li>
        )}
      </ul>
      {botName !== undefined && <p class="hint">{texts.people.botHint(botName)}</p>}
      {children}
    </aside>
  );
}
