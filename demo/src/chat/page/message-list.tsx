import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ChatReply, ReplyTo } from "../server/wire.ts";
import { Avatar } from "./avatar.tsx";
import { LaterStop } from "./bot/later-parts.tsx";
import { Earlier } from "./earlier.tsx";
import { EmptyRoom } from "./empty-room.tsx";
import { createGrouping } from "./group-messages.ts";
import type { MarkOf } from "./homonyms.ts";
import { Group, type Moderate } from "./message-group.tsx";
import { OutgoingGroup } from "./outgoing-group.tsx";
import { RichText } from "./rich-text.tsx";
import type { RoomView } from "./room-store.ts";
import { chatTexts } from "./texts.ts";
import type { MessageActions } from "./tools/actions.ts";
import { QuoteContext } from "./tools/quote-context.ts";
import { useReading } from "./use-reading.ts";

export interface MessageListProps {
  readonly room: string;
  readonly view: RoomView;
  readonly markOf: MarkOf;
  readonly canWrite: boolean;
  /** The day that the reader wants to see. Its beginning in local time, in milliseconds since 1970. */
  readonly wanted: { readonly day: number } | undefined;
  /**
   * Fetches earlier messages, all back to a time or some.
   *
   * @returns The id of the first message then.
   */
  readonly onEarlier: (since?: number) => Promise<string | undefined>;
  /** Tells whether the reader is at the end. */
  readonly onRead: (isAtEnd: boolean) => void;
  readonly onModerate: Moderate;
  readonly actions: MessageActions;
  readonly onSuggest: (text: string) => void;
  readonly onRetry: (id: string) => void;
  readonly onDiscard: (id: string) => void;
}

/** All messages of the room, and the reply in progress. */
export function MessageList({
  room,
  view,
  markOf,
  canWrite,
  wanted,
  onEarlier,
  onRead,
  onModerate,
  actions,
  onSuggest,
  onRetry,
  onDiscard,
}: MessageListProps): ComponentChildren {
  const texts = chatTexts();
  const { messages, replies, outbox } = view;
  const [grouped] = useState(createGrouping);
  const [goal, setGoal] = useState<{ readonly day: number; readonly first: string | undefined } | undefined>();
  const isOwn = ({ visitor }: { readonly visitor?: string | undefined }): boolean => visitor !== undefined && visitor === view.you;
  const reading = useReading(
    messages,
    isOwn,
    outbox.length,
    `${replies.map(({ text }) => text.length).join()} ${outbox.length}`,
    () => void (view.earlier === "some" && onEarlier()),
    onRead,
  );

  useEffect(() => {
    document.title = texts.title(room, reading.unread);
  }, [texts, reading.unread, room]);

  async function toDay(day: number): Promise<void> {
    setGoal({ day, first: await onEarlier(day) });
  }

  useEffect(() => {
    if (wanted !== undefined) void toDay(wanted.day);
  }, [wanted]);

  // Goes to the day once the messages are drawn.
  useEffect(() => {
    if (goal === undefined || (goal.first !== undefined && !messages.some(({ id }) => id === goal.first))) return;
    const first = messages.find(({ at }) => at >= goal.day);
    if (first === undefined) reading.toEnd();
    else reading.toMessage(first.id);
    setGoal(undefined);
  }, [goal, messages]);

  const quotable = useMemo(
    () => ({
      messages,
      goTo: ({ id, at }: ReplyTo) => (messages.some((message) => message.id === id) ? reading.toMessage(id) : void toDay(at)),
    }),
    [messages],
  );
  const groups = grouped(messages, reading.firstUnread);
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
        {view.loaded && !empty && <Earlier earlier={view.earlier} onEarlier={onEarlier} />}
        <QuoteContext.Provider value={quotable}>
          {groups.map((group) => {
            const own = isOwn(group);
            const mark = own ? undefined : markOf(group.nickname, group.visitor);
            return (
              <Group
                key={group.key}
                group={group}
                mark={mark}
                own={own}
                unread={group.messages[0]?.id === reading.firstUnread}
                isMuted={group.visitor !== undefined && view.muted.has(group.visitor)}
                onModerate={view.isOwner ? onModerate : undefined}
                actions={canWrite ? actions : undefined}
              />
            );
          })}
        </QuoteContext.Provider>
        {outbox.length > 0 && <OutgoingGroup items={outbox} onGrow={reading.stay} onRetry={onRetry} onDiscard={onDiscard} />}
        {replies.map((reply) => (
          <Writing key={reply.id} reply={reply} />
        ))}
      </div>
      {view.typing.length > 0 && (
        <p class="typing" data-testid="typing">
          {texts.typing(view.typing.map(({ nickname }) => nickname))}
        </p>
      )}
      {reading.away && (
        <button type="button" class="button small new-messages" data-testid="new-messages" onClick={reading.toEnd}>
          {reading.unread === 0 ? texts.toNewest : texts.newMessages(reading.unread)} <span aria-hidden="true">↓</span>
        </button>
      )}
    </div>
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
            <RichText text={reply.text} />
          </span>
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        </div>
        <LaterStop reply={reply} />
      </div>
    </section>
  );
}
