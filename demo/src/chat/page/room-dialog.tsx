import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { Dialog } from "./dialog.tsx";
import { suggestRoom, toRoomName } from "./identity.ts";

/** Shares this room's address, or leads to another room. Any name is a room. */
export function RoomDialog({ room, onClose }: { room: string; onClose: () => void }): ComponentChildren {
  const [other, setOther] = useState(suggestRoom);
  const link = `${location.origin}/chat/${room}`;
  const name = toRoomName(other);

  return (
    <Dialog testId="room-dialog" labelledBy="room-title" onClose={onClose}>
      <h2 id="room-title">Bring somebody here</h2>
      <p class="hint">Whoever can reach this server can enter with this address.</p>
      <label for="room-link">Address of this room</label>
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
        <CopyButton text={link} label="Copy the address" />
      </div>
      <form
        class="other-room"
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== "") location.assign(`/chat/${name}`);
        }}
      >
        <label for="room-input">Or go to another room</label>
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
            Go
          </button>
        </div>
        <p class="hint" role="status">
          {name === "" ? "A name has letters or digits." : `/chat/${name}`}
        </p>
      </form>
      <p class="dialog-tools">
        <button type="button" class="button" onClick={onClose}>
          Done
        </button>
      </p>
    </Dialog>
  );
}
