import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { chooseNotices, hasNotices } from "../mentions/notice.ts";
import { mentionTexts } from "../mentions/texts.ts";
import { wantsNotice } from "../mentions/wants-notice.ts";

/** Asks for notifications of mentions, when the reader ticks the box and not before. */
export function NoticeChoice({ onChange }: { onChange: () => void }): ComponentChildren {
  const [isOn, setOn] = useState(wantsNotice);
  const [isDenied, setDenied] = useState(false);
  const texts = mentionTexts();
  if (!hasNotices()) return undefined;

  async function choose(isWanted: boolean): Promise<void> {
    const isNowOn = await chooseNotices(isWanted);
    setOn(isNowOn);
    setDenied(isWanted && !isNowOn);
    onChange();
  }

  return (
    <>
      <label class="choice">
        <input type="checkbox" data-testid="notify" checked={isOn} onChange={({ currentTarget }) => void choose(currentTarget.checked)} />
        <span>{texts.notify}</span>
      </label>
      {isDenied && (
        <p class="problem" role="alert">
          {texts.denied}
        </p>
      )}
    </>
  );
}
