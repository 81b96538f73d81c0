import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { formatterOf } from "artesian-ui/language.ts";
import type { ChatMessage, ChatReply } from "../server/wire.ts";
import { Avatar } from "./avatar.tsx";
import { EmptyRoom } from "./empty-room.tsx";
import { groupMessages, type MessageGroup } from "./group-messages.ts";
import type { MarkOf } from "./homonyms.ts";
import { Linkified } from "./linkify.tsx";
import { NameMark } from "./name-mark.tsx";
import { OutgoingGroup } from "./outgoing-group.tsx";
import type { RoomView } from "./room-store.ts";
import { chatTexts } from "./texts.ts";
import { useReading } from "./use-reading.ts";

const timeFormat = formatterOf((tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit" }));
const dayFormat = formatterOf((tag) => new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" }));

export interface MessageListProps {
  readonly room: string;
  readonly view: RoomView;
  readonly markOf: MarkOf;
  readonly canWrite: boolean;
  readonly onSuggest: (text: string) => void;
  readonly onRetry: (id: string) => void;
  readonly onDiscard: (id: string) => void;
}

/** All messages of the room, and the reply in progress. */
export function MessageList({ room, view, markOf, canWrite, onSuggest, onRetry, onDiscard }: MessageListProps): ComponentChildren {
  const texts = chatTexts();
  const { messages, replies, outbox } = view;
  const isOwn = (message: ChatMessage): boolean => message.visitor !== undefined && message.visitor === view.you;
  const reading = useReading(messages, isOwn, outbox.length, `${replies.map(({ text }) => text.length).join()} ${outbox.length}`);

  useEffect(() => {
    document.title = texts.title(room, reading.unread);
  }, [texts, reading.unread, room]);

  const empty = view.loaded && messages.length === 0 && outbox.length === 0 && replies.length === 0;
  return (
    <div class="messages-frame">
      {/* Scrolls, so it must be reachable with the keyboard. */}
      <div
        class="messages"
        ref={reading.list}
        onScroll={reading.onScroll}
        tabIndex={0}
        role="log"
        aria-live="polite"
        aria-label={texts.messages}
        data-testid="messages"
        data-loaded={String(view.loaded)}
      >
        {!view.loaded && <p class="loading">{texts.loading}</p>}
        {empty && <EmptyRoom botName={view.botName} canWrite={canWrite} onSuggest={onSuggest} />}
        {groupMessages(messages, reading.firstUnread).map((group) => (
          <Group
            key={group.key}
            group={group}
            markOf={markOf}
            own={isOwn(group.messages[0] as ChatMessage)}
            unread={group.key === reading.firstUnread}
          />
        ))}
        {outbox.length > 0 && <OutgoingGroup items={outbox} onRetry={onRetry} onDiscard={onDiscard} />}
        {replies.map((reply) => (
          <Writing key={reply.id} reply={reply} />
        ))}
      </div>
      {reading.away && (
        <button type="button" class="button small new-messages" data-testid="new-messages" onClick={reading.toEnd}>
          {reading.unread === 0 ? texts.toNewest : texts.newMessages(reading.unread)} <span aria-hidden="true">↓</span>
        </button>
      )}
    </div>
  );
}

interface GroupProps {
  readonly group: MessageGroup;
  readonly markOf: MarkOf;
  readonly own: boolean;
  readonly unread: boolean;
}

function Group({ group, markOf, own, unread }: GroupProps): ComponentChildren {
  const texts = chatTexts();
  const mark = own ? undefined : markOf(group.nickname, group.visitor);
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
            <div
              key={message.id}
              class="bubble"
              data-testid="message"
              data-message-id={message.id}
              data-author={message.nickname}
              data-own={String(own)}
              data-bot={String(group.bot)}
              data-status="received"
            >
              <span data-testid="message-text" dir="auto">
                <Linkified text={message.text} />
              </span>
            </div>
          ))}
        </div>
      </section>
    </>
  );
}

/** A growing reply. It is read out once, as a message, when it is complete. */
function Writing({ reply }: { reply: ChatReply }): ComponentChildren {
  const texts = chatTexts();
  return (
    <section class="group bot" aria-live="off" data-testid="reply">
      <Avatar name={reply.nickname} bot />
      <div class="group-body">
        <p class="byline">
          <span class="author">{reply.nickname}</span>
          <span class="tag">{texts.bot}</span>
          <span>{texts.isWriting}</span>
        </p>
        <div class="bubble writing">
          <span data-testid="reply-text" dir="auto">
            {reply.text}
          </span>
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        </div>
      </div>
    </section>
  );
}
