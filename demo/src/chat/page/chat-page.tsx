import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { AppBar } from "artesian-ui/app-bar.tsx";
import { ConnectionBadge, ConnectionProblem } from "artesian-ui/connection-badge.tsx";
import { useNow } from "artesian-ui/use-now.ts";
import { usePart } from "artesian-ui/use-part.ts";
import { useView } from "artesian-ui/use-view.ts";
import { BotContext } from "./bot/bot-actions.ts";
import { Composer } from "./composer.tsx";
import { findHomonyms } from "./homonyms.ts";
import { NICKNAME_KEY, savedNickname, saveNickname } from "./identity.ts";
import { MentionContext, useMentions } from "./mentions/mentions.ts";
import { MessageList } from "./message-list.tsx";
import { People } from "./people.tsx";
import { RoomStore } from "./room-store.ts";
import { seenRooms } from "./seen-rooms.ts";
import { chatTexts } from "./texts.ts";
import type { ChatMessage } from "../server/wire.ts";

/**
 * The chat page.
 *
 * Stable for tests: the roles and labels, and these `data-testid`s:
 * - `connection`: the badge; `data-state` is `connecting`, `live`, `reconnecting`, `resting`
 *   (hidden) or `refused` (no access); `connection-problem`: what is wrong, in words
 * - `messages`: the list (role `log`); `data-loaded` is `true` once the history has come
 * - `message`: one message; `data-message-id`, `data-author` (nickname), `data-own`, `data-bot`,
 *   and `data-status`: `received`, or `sending`, `waiting`, `taken`, `failed` while it is on its
 *   way
 * - `typing`: who else is writing
 * - `unsent`: the clock beside a message that the server has not acknowledged; `discard`: cancels the message
 * - `message-text`: its text; `reply`: a reply that is being written, with `reply-text`
 * - `stop-answer`: the button in it, for the visitor who asked; `answer-end`: the end of an answer that is
 *   cut, with `data-cut` (`failed`, `stopped`) and `ask-again`; `price-card` (`data-symbol`,
 *   `data-live`) and `news-card`: an answer that is drawn
 * - `tools-toggle`: opens a message's `tools`, with `answer` and a `reaction` each (`data-emoji`); reactions that were given stay; `replying`: the message that is answered, with `cancel-reply`;
 *   `quote`: the same in the answer, a button that goes to it
 * - `remove` and `mute`: for the owner of the chat
 * - `composer` (the text box, labelled "Message") and `send`
 * - `names`: the names to choose from after `@`; `mention`: a name in a text, with the class `you` if it is the reader's
 * - `nickname-dialog`, `nickname-input`, `nickname-confirm`, `notify` (notifications of mentions); `nickname`: the button that shows the
 *   nickname and changes it
 * - `people`: who is here, each a `person`; `name-mark`: beside a name that several people have;
 *   `people-count`; `earlier`: fetches older messages, `to-day`: goes to a day; `new-messages`: the button when scrolled up; `unread-marker`
 * - `rooms`: the visitor's rooms, each a `room` with `unread`, its number of unread messages; `unread-elsewhere`: their sum
 * - `invite`: opens `room-dialog`, with `room-link`, `room-input` and `room-go`
 */
export function ChatPage({ room }: { room: string }): ComponentChildren {
  const [nickname, setNickname] = useState(savedNickname);
  const [store] = useState(() => new RoomStore({ room, nickname }));
  const view = useView(store);
  const [naming, setNaming] = useState(nickname === undefined);
  const [replyTo, setReplyTo] = useState<ChatMessage | undefined>();
  const [inviting, setInviting] = useState(false);
  const dialogs = usePart(
    () => import("./dialogs/index.ts"),
    naming || inviting,
    () => {
      setNaming(false);
      setInviting(false);
    },
  );
  const [isKnownElsewhere] = useState(() => seenRooms().some((seen) => seen.room !== room));
  const rooms = usePart(() => import("./rooms/index.ts"), isKnownElsewhere);
  const days = usePart(() => import("./days/go-to-day.tsx"), view.earlier === "some");
  const [unreadElsewhere, setUnreadElsewhere] = useState(0);
  const [peopleOpen, setPeopleOpen] = useState(false);
  const [wanted, setWanted] = useState<{ readonly day: number } | undefined>();
  const markOf = useMemo(() => findHomonyms(view.messages, view.presence), [view.messages, view.presence]);
  const mentions = useMentions(view.messages, view.presence, view.botName, nickname);
  const botActions = useMemo(() => ({ you: view.you, request: store.request, follow: store.follow }), [store, view.you]);
  const actions = useMemo(() => ({ reply: setReplyTo, react: store.react, you: view.you }), [store, view.you]);
  const now = useNow(view.connection.state === "reconnecting");
  const texts = chatTexts();

  // A rename in another tab. A browser without storage tells nothing.
  useEffect(() => {
    const follow = ({ key, newValue }: StorageEvent): void => {
      if (key !== NICKNAME_KEY || newValue === null) return;
      setNaming(false);
      setNickname(newValue);
      store.enter(newValue);
    };
    addEventListener("storage", follow);
    return () => removeEventListener("storage", follow);
  }, [store]);

  function send(text: string): boolean {
    const isTaken = store.send(text, replyTo && { id: replyTo.id, at: replyTo.at });
    if (isTaken) setReplyTo(undefined);
    return isTaken;
  }

  function rename(chosen: string): void {
    setNaming(false);
    if (chosen === nickname) return;
    saveNickname(chosen);
    setNickname(chosen);
    store.enter(chosen);
  }

  return (
    <div class="chat">
      <AppBar current="chat" />
      <header class="chat-head">
        <h1 class="room-name" title={room}>
          <span class="visually-hidden">{texts.chatRoom} </span>
          {room}
        </h1>
        <ConnectionBadge connection={view.connection} now={now} />
        <div class="chat-tools">
          <button
            type="button"
            class="button quiet small people-toggle"
            aria-expanded={peopleOpen}
            aria-controls="people"
            onClick={() => setPeopleOpen(!peopleOpen)}
          >
            {texts.here(view.presence.total)}
            {unreadElsewhere > 0 && rooms !== undefined && <rooms.UnreadMark count={unreadElsewhere} />}
          </button>
          <button type="button" class="button quiet small" data-testid="invite" onClick={() => setInviting(true)}>
            {texts.invite}
          </button>
        </div>
      </header>
      <MentionContext.Provider value={mentions}>
        <main class="talk">
          <ConnectionProblem connection={view.connection} />
          <BotContext.Provider value={botActions}>
            <MessageList
              room={room}
              view={view}
              markOf={markOf}
              canWrite={nickname !== undefined}
              wanted={wanted}
              onEarlier={(since) => store.fetchEarlier(since)}
              onRead={(isAtEnd) => store.read(isAtEnd)}
              onModerate={store.moderate}
              actions={actions}
              onSuggest={(text) => store.send(text)}
              onRetry={(id) => store.retry(id)}
              onDiscard={(id) => store.discard(id)}
            />
          </BotContext.Provider>
          <Composer
            room={room}
            nickname={nickname}
            botName={view.botName}
            replyTo={replyTo}
            onCancelReply={() => setReplyTo(undefined)}
            onSend={send}
            onType={() => store.type()}
            onRename={() => setNaming(true)}
            focusKey={`${nickname ?? ""}${naming}${replyTo?.id ?? ""}`}
          />
        </main>
      </MentionContext.Provider>
      <People presence={view.presence} you={view.you} botName={view.botName} muted={view.muted} markOf={markOf} open={peopleOpen}>
        {days !== undefined && (
          <days.GoToDay
            onDay={(day) => {
              setPeopleOpen(false);
              setWanted({ day });
            }}
          />
        )}
        {rooms !== undefined && <rooms.RoomList room={room} fetchUnread={store.unread} onUnread={setUnreadElsewhere} />}
      </People>
      {naming && dialogs !== undefined && (
        <dialogs.NicknameDialog
          current={nickname}
          botName={view.botName}
          onChoose={rename}
          onNotice={() => store.reopen()}
          onCancel={() => setNaming(false)}
        />
      )}
      {inviting && dialogs !== undefined && <dialogs.RoomDialog room={room} onClose={() => setInviting(false)} />}
    </div>
  );
}
