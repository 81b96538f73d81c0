import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface DialogProps {
  readonly testId: string;
  readonly labelledBy: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * A modal dialog of the browser's own. The browser keeps the focus inside, gives the focus back,
 * and closes the dialog with Escape.
 */
export function Dialog({ testId, labelledBy, onClose, children }: DialogProps): ComponentChildren {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    current?.querySelector("input")?.focus();
    return () => current?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog card"
      data-testid={testId}
      aria-labelledby={labelledBy}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      {children}
    </dialog>
  );
}
