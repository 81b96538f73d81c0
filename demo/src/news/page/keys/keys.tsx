import type { ComponentChildren } from "preact";
import { goTo } from "../go-to.ts";
import type { ReadMarks } from "../use-read.ts";
import { useSetting } from "../use-setting.ts";
import { KeysDialog } from "./keys-dialog.tsx";
import { useKeys } from "./use-keys.ts";

interface KeysProps {
  readonly read: ReadMarks;
  readonly onShowNew: () => void;
  /** Whether the list of keys is open. */
  readonly isHelping: boolean;
  readonly onHelping: (isHelping: boolean) => void;
}

/** The keys of the page, and their list. */
export function Keys({ read, onShowNew, isHelping, onHelping }: KeysProps): ComponentChildren {
  const [isOn, setOn] = useSetting("keys", true);
  useKeys(
    {
      move(step) {
        const rows = [...document.querySelectorAll<HTMLElement>(".headline")];
        const at = rows.findIndex((row) => row.contains(document.activeElement));
        goTo(rows[at < 0 ? 0 : at + step]);
      },
      open() {
        const link = focusedRow()?.querySelector("a");
        link?.click();
        return link !== null && link !== undefined;
      },
      toggleRead() {
        const id = focusedRow()?.dataset["id"];
        if (id !== undefined) read.set(id);
      },
      showNew: onShowNew,
      search: () => document.getElementById("filter")?.focus(),
      help: () => onHelping(true),
    },
    isOn,
  );
  return isHelping ? <KeysDialog isOn={isOn} onChange={setOn} onClose={() => onHelping(false)} /> : null;
}

function focusedRow(): HTMLElement | null | undefined {
  return document.activeElement?.closest<HTMLElement>("[data-id]");
}
