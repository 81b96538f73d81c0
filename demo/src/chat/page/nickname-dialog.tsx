import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { suggestNickname } from "./identity.ts";
import { withoutShapingJoiners } from "../server/joiners.ts";
import { characters, NICKNAME_LENGTH } from "../server/wire.ts";

interface NicknameDialogProps {
  readonly current: string | undefined;
  readonly botName: string | undefined;
  readonly onChoose: (nickname: string) => void;
  readonly onCancel: () => void;
}

/** Asks for a nickname. The dialog suggests one, so that Enter is enough. */
export function NicknameDialog({ current, botName, onChoose, onCancel }: NicknameDialogProps): ComponentChildren {
  const [nickname, setNickname] = useState(() => current ?? suggestNickname());
  const [problem, setProblem] = useState<string | undefined>();

  function choose(event: Event): void {
    event.preventDefault();
    const chosen = nickname.trim();
    const wrong = whatIsWrong(chosen, botName);
    setProblem(wrong);
    if (wrong === undefined) onChoose(chosen);
  }

  return (
    <Dialog testId="nickname-dialog" labelledBy="nickname-title" onClose={onCancel}>
      <form onSubmit={choose} noValidate>
        <h2 id="nickname-title">{current === undefined ? "What should we call you?" : "Change your nickname"}</h2>
        <p class="hint">Everyone in the room sees it. No account, no password.</p>
        <label for="nickname">Nickname</label>
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
          onInput={(event) => setNickname(event.currentTarget.value)}
        />
        <p id="nickname-problem" class="problem" role="alert">
          {problem}
        </p>
        <p class="dialog-tools">
          <button type="button" class="button quiet" onClick={onCancel}>
            {current === undefined ? "Just look" : "Cancel"}
          </button>
          <button type="submit" class="button" data-testid="nickname-confirm">
            {current === undefined ? "Enter the room" : "Save"}
          </button>
        </p>
      </form>
    </Dialog>
  );
}

/** Checks a nickname in the page. The server has the last word. */
function whatIsWrong(nickname: string, botName: string | undefined): string | undefined {
  const length = characters(nickname);
  if (length === 0) return "Type a name of at least one character.";
  if (length > NICKNAME_LENGTH) return `A nickname has at most ${NICKNAME_LENGTH} characters; this one has ${length}.`;
  if (/[\p{Cc}\p{Cf}]/u.test(withoutShapingJoiners(nickname))) return "The name has an invisible character. Type it anew.";
  if (botName !== undefined && nickname.normalize("NFKC").trim().toLowerCase() === botName.toLowerCase()) {
    return `${botName} is the bot's name. Choose another.`;
  }
  return undefined;
}
