import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { NoticeChoice } from "./notice-choice.tsx";
import { suggestNickname } from "./suggestions.ts";
import { refusalTexts } from "../refusals/texts.ts";
import { dialogTexts } from "./texts.ts";
import { withoutShapingJoiners } from "../../server/joiners.ts";
import { characters, NICKNAME_LENGTH } from "../../server/wire.ts";

interface NicknameDialogProps {
  readonly current: string | undefined;
  readonly botName: string | undefined;
  readonly onChoose: (nickname: string) => void;
  /** Called when the choice about notifications has changed. */
  readonly onNotice: () => void;
  readonly onCancel: () => void;
}

/** Asks for a nickname. The dialog suggests one, so that Enter is enough. */
export function NicknameDialog({ current, botName, onChoose, onNotice, onCancel }: NicknameDialogProps): ComponentChildren {
  const [nickname, setNickname] = useState(() => current ?? suggestNickname());
  const [isChecked, setChecked] = useState(false);
  const texts = dialogTexts().nickname;
  // In the language of the moment.
  const problem = isChecked ? whatIsWrong(nickname.trim(), botName) : undefined;

  function choose(event: Event): void {
    event.preventDefault();
    const chosen = nickname.trim();
    setChecked(true);
    if (whatIsWrong(chosen, botName) === undefined) onChoose(chosen);
  }

  return (
    <Dialog testId="nickname-dialog" labelledBy="nickname-title" onClose={onCancel}>
      <form onSubmit={choose} noValidate>
        <h2 id="nickname-title">{current === undefined ? texts.first : texts.change}</h2>
        <p class="hint">{texts.hint}</p>
        <label for="nickname">{texts.label}</label>
        <input
          id="nickname"
          class="field"
          type="text"
          data-testid="nickname-input"
          autoComplete="nickname"
          spellcheck={false}
          maxLength={NICKNAME_LENGTH * 2}
          value={nickname}
          aria-invalid={problem !== undefined}
          aria-describedby="nickname-problem"
          onFocus={(event) => event.currentTarget.select()}
          onInput={(event) => {
            setChecked(false);
            setNickname(event.currentTarget.value);
          }}
        />
        <p id="nickname-problem" class="problem" role="alert">
          {problem}
        </p>
        <NoticeChoice onChange={onNotice} />
        <p class="dialog-tools">
          <button type="button" class="button quiet" onClick={onCancel}>
            {current === undefined ? texts.justLook : texts.cancel}
          </button>
          <button type="submit" class="button" data-testid="nickname-confirm">
            {current === undefined ? texts.enter : texts.save}
          </button>
        </p>
      </form>
    </Dialog>
  );
}

/** Checks a nickname in the page. The server has the last word. */
function whatIsWrong(nickname: string, botName: string | undefined): string | undefined {
  const refusals = refusalTexts();
  const length = characters(nickname);
  if (length === 0) return refusals.nickname_empty;
  if (length > NICKNAME_LENGTH) return dialogTexts().nickname.tooLong(NICKNAME_LENGTH, length);
  if (/[\p{Cc}\p{Cf}]/u.test(withoutShapingJoiners(nickname))) return refusals.nickname_invisible;
  if (botName !== undefined && nickname.normalize("NFKC").trim().toLowerCase() === botName.toLowerCase()) {
    return dialogTexts().nickname.ofBot(botName);
  }
  return undefined;
}
