import type { ComponentChildren } from "preact";
import { formatterOf } from "artesian-ui/language.ts";
import type { ChatMessage } from "../server/wire.ts";
import { Avatar } from "./avatar.tsx";
import type { MessageGroup } from "./group-messages.ts";
import { Linkified } from "./linkify.tsx";
import { memo } from "./memo.ts";
import { NameMark } from "./name-mark.tsx";
import { chatTexts } from "./texts.ts";

const timeFormat = formatterOf((tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit" }));
const dayFormat = formatterOf((tag) => new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" }));

interface GroupProps {
  readonly group: MessageGroup;
  /** The mark beside a name that several people have. */
  readonly mark: string | undefined;
  readonly own: boolean;
  readonly unread: boolean;
}

/** The messages of one author in a row. Drawn again only when one of them changes. */
export const Group = memo(({ group, mark, own, unread }: GroupProps): ComponentChildren => {
  const texts = chatTexts();
  return (
    <>
      {group.newDay && <p class="day">{dayFormat().format(group.at)}</p>}
      {unread && (
        <p class="unread-marker" data-testid="unread-marker">
          {texts.fresh}
        </p>
      )}
      <section class={own ? "group own" : group.bot ? "group bot" : "group"}>
        {!own && <Avatar name={group.nickname} visitor={group.visitor} bot={group.bot} />}
        <div class="group-body">
          <p class="byline">
            <span class="author">{own ? texts.you : group.nickname}</span>
            <NameMark mark={mark} />
            {group.bot && <span class="tag">{texts.bot}</span>}
            <time dateTime={new Date(group.at).toISOString()}>{timeFormat().format(group.at)}</time>
          </p>
          {group.messages.map((message) => (
            <Bubble key={message.id} message={message} own={own} />
          ))}
        </div>
      </section>
    </>
  );
});

const Bubble = memo(({ message, own }: { message: ChatMessage; own: boolean }): ComponentChildren => (
  <div
    class="bubble"
    data-testid="message"
    data-message-id={message.id}
    data-author={message.nickname}
    data-own={String(own)}
    data-bot={String(message.bot === true)}
    data-status="received"
  >
    <span data-testid="message-text" dir="auto">
      <Linkified text={message.text} />
    </span>
  </div>
));
