import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { formatterOf } from "artesian-ui/language.ts";
import type { ChatMessage, Moderation } from "../server/wire.ts";
import { Avatar } from "./avatar.tsx";
import { LaterCard, LaterEnd } from "./bot/later-parts.tsx";
import type { MessageGroup } from "./group-messages.ts";
import { memo } from "./memo.ts";
import { NameMark } from "./name-mark.tsx";
import { MessageText } from "./message-text.tsx";
import { chatTexts } from "./texts.ts";
import type { MessageActions } from "./tools/actions.ts";
import { useTools } from "./tools/use-tools.ts";

const timeFormat = formatterOf((tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit" }));
const dayFormat = formatterOf((tag) => new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" }));

interface GroupProps {
  readonly group: MessageGroup;
  /** The mark beside a name that several people have. */
  readonly mark: string | undefined;
  readonly own: boolean;
  readonly unread: boolean;
  readonly isMuted: boolean;
  /** For the owner of the chat. */
  readonly onModerate: Moderate | undefined;
  /** For visitors with a nickname. */
  readonly actions: MessageActions | undefined;
}

export type Moderate = (wish: Moderation) => Promise<void>;

/** The messages of one author in a row. Drawn again only when one of them changes. */
export const Group = memo(({ group, mark, own, unread, isMuted, onModerate, actions }: GroupProps): ComponentChildren => {
  const texts = chatTexts();
  const { visitor } = group;
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
            {isMuted && <span class="tag">{texts.moderation.muted}</span>}
            {onModerate !== undefined && visitor !== undefined && !own && (
              <button
                type="button"
                class="text-button"
                data-testid="mute"
                onClick={() => void onModerate(isMuted ? { unmute: visitor } : { mute: visitor })}
              >
                {isMuted ? texts.moderation.unmute : texts.moderation.mute}
              </button>
            )}
          </p>
          {group.messages.map((message) => (
            <Bubble key={message.id} message={message} own={own} onModerate={onModerate} actions={actions} />
          ))}
        </div>
      </section>
    </>
  );
});

interface BubbleProps {
  readonly message: ChatMessage;
  readonly own: boolean;
  readonly onModerate: Moderate | undefined;
  readonly actions: MessageActions | undefined;
}

const Bubble = memo((props: BubbleProps): ComponentChildren => <BubbleOf {...props} />);

function BubbleOf({ message, own, onModerate, actions }: BubbleProps): ComponentChildren {
  const isRemoved = message.removed === true;
  const [isOpen, setOpen] = useState(false);
  const { replyTo, reactions } = message;
  const tools = useTools(isOpen || replyTo !== undefined || reactions !== undefined);
  const { message: labels, moderation: texts } = chatTexts();
  return (
    <div
      class={isRemoved ? "bubble removed" : "bubble"}
      data-testid="message"
      data-message-id={message.id}
      data-author={message.nickname}
      data-own={String(own)}
      data-bot={String(message.bot === true)}
      data-status="received"
      onKeyDown={({ key, currentTarget }) => {
        if (key !== "Escape" || !isOpen) return;
        setOpen(false);
        currentTarget.querySelector<HTMLElement>(".tools-toggle")?.focus();
      }}
    >
      {tools && replyTo && !isRemoved && <tools.Quote replyTo={replyTo} />}
      {message.card === undefined || isRemoved ? (
        <MessageText text={isRemoved ? texts.removed : message.text} />
      ) : (
        <LaterCard card={message.card} at={message.at} text={message.text} />
      )}
      {!isRemoved && <LaterEnd message={message} />}
      {tools && (isOpen || reactions) && !isRemoved && (
        <tools.MessageTools message={message} actions={actions} isOpen={isOpen} onClose={() => setOpen(false)} />
      )}
      {actions !== undefined && !isRemoved && (
        <button
          type="button"
          class="tools-toggle"
          data-testid="tools-toggle"
          aria-label={labels.tools}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          ⋯
        </button>
      )}
      {onModerate !== undefined && !isRemoved && (
        <button
          type="button"
          class="text-button bubble-tool"
          data-testid="remove"
          onClick={() => {
            if (confirm(texts.sure)) void onModerate({ remove: message.id });
          }}
        >
          {texts.remove}
        </button>
      )}
    </div>
  );
}
