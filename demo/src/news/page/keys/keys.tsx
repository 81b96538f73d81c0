import type { ComponentChildren } from "preact";
import { usePart } from "artesian-ui/use-part.ts";
import { goTo } from "../go-to.ts";
import type { ReadMarks } from "../use-read.ts";
import { useSetting } from "../use-setting.ts";
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
  const close = (): void => onHelping(false);
  const list = usePart(() => import("./keys-dialog.tsx"), isHelping, close);
  return isHelping && list !== undefined && <list.KeysDialog isOn={isOn} onChange={setOn} onClose={close} />;
}

function focusedRow(): HTMLElement | null | undefined {
  return document.activeElement?.closest<HTMLElement>("[data-id]");
}
