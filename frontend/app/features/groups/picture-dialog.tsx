import { useEffect, useState } from "preact/hooks";
import type { ClientErrorCode } from "#core/client-api.ts";
import { pictureText } from "../../i18n/en-pictures.ts";
import { text } from "../../i18n/en.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";
import { sayProblem } from "./attempt.ts";
import { useUrl } from "./use-url.ts";
import { trySquarePicture } from "./square-picture.ts";

export type SavePicture = (picture: Blob) => Promise<ClientErrorCode | undefined>;

interface PictureDialogProps {
  file: File;
  onAnother: () => void;
  onSave: SavePicture;
  onClose: () => void;
}

type Made = Blob | "making" | "unusable";

/** The square as it will be shown, before anybody sees it. */
export function PictureDialog({ file, onAnother, onSave, onClose }: PictureDialogProps) {
  const [made, setMade] = useState<Made>("making");
  const picture = typeof made === "object" ? made : undefined;
  const url = useUrl(picture);
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<ClientErrorCode>();

  useEffect(() => {
    let isCurrent = true;
    setMade("making");
    setProblem(undefined);
    const make = async (): Promise<void> => {
      const square = await trySquarePicture(file);
      if (isCurrent) setMade(square ?? "unusable");
    };
    void make();
    return () => {
      isCurrent = false;
    };
  }, [file]);

  async function save(): Promise<void> {
    if (picture === undefined) return;
    setWorking(true);
    setProblem(undefined);
    const failed = await onSave(picture);
    setWorking(false);
    if (failed === undefined) onClose();
    else setProblem(failed);
  }

  return (
    <Dialog title={pictureText.title} kind="alert" onClose={onClose}>
      <div class="picture-choice">
        {url !== undefined && <img class="picture-preview" src={url} alt={pictureText.preview} />}
        {made !== "unusable" && url === undefined && (
          <span class="skeleton picture-preview" aria-busy="true" aria-label={text.common.loading} />
        )}
        {made === "unusable" ? (
          <div class="notice" role="alert">
            <Icon name="warning" />
            {pictureText.unusable}
          </div>
        ) : (
          <p>{pictureText.note}</p>
        )}
        {problem !== undefined && (
          <div class="notice" role="alert">
            <Icon name="warning" />
            {sayProblem(problem)}
          </div>
        )}
      </div>
      <div class="dialog-actions">
        <button type="button" class="button button-quiet" onClick={onClose}>
          {text.common.cancel}
        </button>
        {made === "unusable" ? (
          <button type="button" class="button button-primary" data-autofocus="" onClick={onAnother}>
            {pictureText.another}
          </button>
        ) : (
          <button
            type="button"
            class="button button-primary"
            disabled={picture === undefined || working}
            onClick={() => void save()}
          >
            {working && <span class="spinner" />}
            {working ? pictureText.saving : pictureText.save}
          </button>
        )}
      </div>
    </Dialog>
  );
}
