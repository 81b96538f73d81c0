import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { Dialog } from "./dialog.tsx";
import { roomPath } from "../../server/room-name.ts";
import { suggestRoom, toRoomName } from "./suggestions.ts";
import { dialogTexts } from "./texts.ts";

/** Shares this room's address, or leads to another room. Any name is a room. */
export function RoomDialog({ room, onClose }: { room: string; onClose: () => void }): ComponentChildren {
  const [other, setOther] = useState(suggestRoom);
  const link = location.origin + roomPath(room);
  const name = toRoomName(other);
  const texts = dialogTexts().room;

  return (
    <Dialog testId="room-dialog" labelledBy="room-title" onClose={onClose}>
      <h2 id="room-title">{texts.heading}</h2>
      <p class="hint">{texts.hint}</p>
      <label for="room-link">{texts.address}</label>
      <div class="dialog-line">
        <input
          id="room-link"
          class="field"
          type="text"
          readOnly
          value={link}
          data-testid="room-link"
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton text={link} label={texts.copy} />
      </div>
      <form
        class="other-room"
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== "") location.assign(roomPath(name));
        }}
      >
        <label for="room-input">{texts.other}</label>
        <div class="dialog-line">
          <input
            id="room-input"
            class="field"
            type="text"
            autoComplete="off"
            maxLength={60}
            data-testid="room-input"
            value={other}
            onInput={(event) => setOther(event.currentTarget.value)}
          />
          <button type="submit" class="button quiet small" data-testid="room-go" disabled={name === ""}>
            {texts.go}
          </button>
        </div>
        <p class="hint" role="status">
          {name === "" ? texts.rule : `/chat/${name}`}
        </p>
      </form>
      <p class="dialog-tools">
        <button type="button" class="button" onClick={onClose}>
          {texts.done}
        </button>
      </p>
    </Dialog>
  );
}
