import "./picture.css";
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { pictureText } from "../../i18n/en-pictures.ts";
import { Icon } from "../../ui/icons.tsx";
import { MenuButton } from "../../ui/menu.tsx";
import { PictureDialog, type SavePicture } from "./picture-dialog.tsx";
import { pictureTypes } from "./square-picture.ts";

interface PictureButtonProps {
  /** The picture as it is. */
  children: ComponentChildren;
  hasPicture: boolean;
  busy: boolean;
  /** Says what went wrong. */
  onSave: SavePicture;
  onRemove: () => void;
}

/** The picture is the button: it asks for a file at once where there is nothing to remove. */
export function PictureButton({ children, hasPicture, busy, onSave, onRemove }: PictureButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File>();
  const choose = (): void => input.current?.click();
  const inside = (
    <>
      {children}
      <span class="picture-badge">{busy ? <span class="spinner" /> : <Icon name="camera" />}</span>
    </>
  );
  return (
    <>
      {hasPicture ? (
        <MenuButton
          class="picture-button"
          label={pictureText.change}
          items={[
            { label: pictureText.choose, icon: "camera", onChoose: choose },
            { label: pictureText.remove, icon: "trash", danger: true, onChoose: onRemove },
          ]}
        >
          {inside}
        </MenuButton>
      ) : (
        <button
          type="button"
          class="picture-button"
          aria-label={pictureText.add}
          title={pictureText.add}
          disabled={busy}
          onClick={choose}
        >
          {inside}
        </button>
      )}
      <input
        ref={input}
        type="file"
        accept={pictureTypes}
        hidden
        data-picture=""
        onChange={({ currentTarget }) => {
          setFile(currentTarget.files?.[0]);
          currentTarget.value = ""; // the same file can be chosen again
        }}
      />
      {file !== undefined && (
        <PictureDialog file={file} onAnother={choose} onSave={onSave} onClose={() => setFile(undefined)} />
      )}
    </>
  );
}
