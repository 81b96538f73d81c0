import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { tabStorage } from "artesian-ui/storage.ts";
import { usePart } from "artesian-ui/use-part.ts";
import { MENTION_SIGN } from "../server/name-in-text.ts";
import { characters, type ChatMessage, NICKNAME_LENGTH, TEXT_LENGTH } from "../server/wire.ts";
import { chatTexts } from "./texts.ts";
import { useTools } from "./tools/use-tools.ts";

interface ComposerProps {
  readonly room: string;
  readonly nickname: string | undefined;
  readonly botName: string | undefined;
  /** The message that is answered. */
  readonly replyTo: ChatMessage | undefined;
  readonly onCancelReply: () => void;
  /** @returns Whether the message was accepted. Otherwise the text stays in the box. */
  readonly onSend: (text: string) => boolean;
  /** Called while the visitor writes. */
  readonly onType: () => void;
  readonly onRename: () => void;
  /** The text box is focused when this changes, if a mouse or a keyboard is at hand. */
  readonly focusKey: string;
}

/** The counter is shown from this length on. */
const COUNT_FROM = TEXT_LENGTH - 200;
const MAX_HEIGHT_PX = 180;

/** The key code of a key press that an input method took. */
const KEY_OF_INPUT_METHOD = 229;

/** A sign of a mention, and the beginning of a name up to the end of the text. */
const NAME_BEGUN = new RegExp(`${MENTION_SIGN}[^@＠\\n]{0,${NICKNAME_LENGTH}}$`, "u");

/** The text box for writing. Enter sends, Shift and Enter begin a new line. */
export function Composer({
  room,
  nickname,
  botName,
  replyTo,
  onCancelReply,
  onSend,
  onType,
  onRename,
  focusKey,
}: ComposerProps): ComponentChildren {
  const draftKey = `artesian.chat.draft.${room}`;
  const [text, setText] = useState(() => tabStorage.getItem(draftKey) ?? "");
  const [isFull, setFull] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const keys = useRef<((event: KeyboardEvent) => boolean) | null>(null);
  /** Where a name begins that is being typed. */
  const [nameAt, setNameAt] = useState(-1);
  const completion = usePart(
    () => import("./mentions/completion.tsx"),
    nameAt >= 0,
    () => setNameAt(-1),
  );
  const tools = useTools(replyTo !== undefined);
  const left = TEXT_LENGTH - characters(text.trim());
  const texts = chatTexts().composer;

  useLayoutEffect(() => {
    const { current } = box;
    if (current === null) return;
    current.style.height = "auto";
    current.style.height = `${Math.min(current.scrollHeight + 2, MAX_HEIGHT_PX)}px`;
  }, [text, nickname]);

  useEffect(() => {
    // On a phone, the focus opens the keyboard over the room. Somebody who answers wants to write.
    const isWanted = replyTo !== undefined || matchMedia("(hover: hover)").matches;
    if (isWanted && document.querySelector("dialog[open]") === null) box.current?.focus();
  }, [focusKey]);

  /** Changes the text, which survives a reload. */
  function write(changed: string): void {
    setText(changed);
    if (changed === "") tabStorage.removeItem(draftKey);
    else tabStorage.setItem(draftKey, changed);
  }

  function send(): void {
    // Tabs would be refused as control characters.
    const clean = text.replaceAll("\t", "  ").trim();
    if (clean === "" || left < 0 || nickname === undefined) return;
    const isTaken = onSend(clean);
    setFull(!isTaken);
    if (isTaken) write("");
    setNameAt(-1);
    box.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    // While a word is being composed (Japanese, Chinese), Enter chooses the word. Safari ends the
    // composition first, and only the key code tells.
    if (event.isComposing || event.keyCode === KEY_OF_INPUT_METHOD) return;
    if (nameAt < 0 || keys.current?.(event) !== true) {
      if (event.key === "Escape") onCancelReply();
      if (event.key !== "Enter" || event.shiftKey) return;
      send();
    }
    event.preventDefault();
  }

  /** Finds the name that ends at the cursor. */
  function findName({ value, selectionStart }: HTMLTextAreaElement): void {
    setNameAt(value.slice(0, selectionStart).search(NAME_BEGUN) + 1 || -1);
  }

  if (nickname === undefined) {
    return (
      <div class="composer onlooker">
        <p>{texts.lookingOn}</p>
        <button type="button" class="button" data-testid="nickname" onClick={onRename}>
          {texts.choose}
        </button>
      </div>
    );
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {tools && replyTo && <tools.Replying message={replyTo} onCancel={onCancelReply} />}
      <div class="composer-line">
        {nameAt >= 0 && completion !== undefined && (
          <completion.Completion box={box} text={text} start={nameAt} keys={keys} onEnd={() => setNameAt(-1)} />
        )}
        <label class="visually-hidden" for="composer">
          {texts.label}
        </label>
        <textarea
          id="composer"
          ref={box}
          class="field"
          rows={1}
          data-testid="composer"
          placeholder={botName === undefined ? texts.write : texts.writeOrAsk(botName)}
          autoComplete="off"
          enterkeyhint="send"
          value={text}
          onInput={({ currentTarget }) => {
            write(currentTarget.value);
            findName(currentTarget);
            if (currentTarget.value.trim() !== "") onType();
          }}
          onKeyDown={onKeyDown}
        />
        <button class="button send" type="submit" data-testid="send" disabled={text.trim() === "" || left < 0}>
          {texts.send}
        </button>
      </div>
      <p class="composer-foot">
        <button type="button" class="text-button" data-testid="nickname" onClick={onRename}>
          {texts.writingAs(nickname)}
        </button>
        {isFull && (
          <span class="left over" role="alert">
            {texts.full}
          </span>
        )}
        {left <= TEXT_LENGTH - COUNT_FROM && (
          <span class={left < 0 ? "left over" : "left"} role="status">
            {left < 0 ? texts.tooMany(-left) : texts.left(left)}
          </span>
        )}
      </p>
    </form>
  );
}
