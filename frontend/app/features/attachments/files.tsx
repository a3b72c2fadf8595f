import "./files.css";
import { text } from "../../i18n/en.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { FileCard } from "./file-card.tsx";
import { type FileItem, itemsOf } from "./item.ts";
import { Tile } from "./tile.tsx";

interface FilesProps {
  message: ShownMessage;
  onCancel: () => void;
}

/** The files of a message: pictures and films as they are, everything else as cards. */
export function Files({ message, onCancel }: FilesProps) {
  const items = itemsOf(message);
  const tiles = items.filter(({ kind }) => kind === "image" || kind === "video");
  const cards = items.filter(({ kind }) => kind !== "image" && kind !== "video");
  return (
    <div class="files">
      {tiles.length > 0 && <Album tiles={tiles} message={message} onCancel={onCancel} />}
      {cards.map((item) => (
        <FileCard key={item.key} item={item} onCancel={onCancel} />
      ))}
    </div>
  );
}

function Album({
  tiles,
  message,
  onCancel,
}: {
  tiles: readonly FileItem[];
  message: ShownMessage;
  onCancel: () => void;
}) {
  const isAlone = tiles.length === 1;
  return (
    <div
      class={isAlone ? "album" : `album album-many${tiles.length % 2 === 1 ? " album-odd" : ""}`}
      {...(isAlone ? {} : { role: "group", "aria-label": text.attachments.album(tiles.length) })}
    >
      {tiles.map((item, index) => (
        <Tile
          key={item.key}
          item={item}
          isAlone={isAlone}
          open={{ items: tiles, index, mine: message.mine, timeMs: message.timeMs }}
          onCancel={onCancel}
        />
      ))}
    </div>
  );
}
