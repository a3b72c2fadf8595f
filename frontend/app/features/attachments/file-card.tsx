import { useEffect, useState } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import { formatBytes, formatLength } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";
import type { FileItem } from "./item.ts";
import { extensionOf } from "./kinds.ts";
import { Ring, spokenProgress } from "./ring.tsx";
import type { PlayableFile } from "./streams.ts";
import type { TransferView } from "./transfers.ts";

interface FileCardProps {
  item: FileItem;
  onCancel: () => void;
}

/** A file as a card: what it is called, how large it is, and the one thing one does with it. */
export function FileCard({ item, onCancel }: FileCardProps) {
  const { view, ref, isUnsent } = item;
  const { files } = useApp();
  const transfer = ref === undefined ? undefined : files.transfers.of(ref).value;
  const isGoingUp = isUnsent && !item.isFailed && transfer?.state !== "done";
  const isMoving = transfer?.state === "running" || transfer?.state === "waiting";
  const isComing = !isUnsent && isMoving && !view.isLocal;
  return (
    <div class="file-card">
      {isGoingUp || isComing ? (
        <Ring
          transfer={transfer}
          icon="close"
          label={(isGoingUp ? text.attachments.cancelUpload : text.attachments.cancelDownload)(
            view.name,
            spokenProgress(transfer),
          )}
          onClick={ref === undefined ? undefined : isGoingUp ? onCancel : () => files.cancel(ref)}
        />
      ) : item.kind === "audio" && ref !== undefined ? (
        <span class="file-face" aria-hidden="true">
          <Icon name="sound" />
        </span>
      ) : (
        <button
          type="button"
          class="file-face"
          aria-label={text.attachments.save(view.name)}
          disabled={ref === undefined}
          onClick={() => ref !== undefined && files.save(ref, view)}
        >
          {view.isLocal && extensionOf(view.name) !== "" ? (
            <b>{extensionOf(view.name)}</b>
          ) : (
            <Icon name={view.isLocal ? "file" : "download"} />
          )}
        </button>
      )}
      <div class="file-about">
        <span class="file-name" title={view.name}>
          <bdi>{view.name}</bdi>
        </span>
        <span class="file-size">{sizeLine(item, isMoving ? transfer : undefined)}</span>
      </div>
      {item.kind === "audio" && ref !== undefined && !isGoingUp && <Sound item={item} />}
    </div>
  );
}

function sizeLine({ view }: FileItem, transfer: TransferView | undefined): string {
  const size = formatBytes(view.sizeBytes);
  if (transfer?.state === "waiting") return text.attachments.waiting;
  if (transfer !== undefined) return text.attachments.progress(formatBytes(transfer.doneBytes), size);
  return view.durationMs === undefined ? size : `${formatLength(view.durationMs)} · ${size}`;
}

/** Plays while it is fetched; nothing is fetched before someone wants to hear it. */
function Sound({ item }: { item: FileItem }) {
  const { files, reportError } = useApp();
  const [playing, setPlaying] = useState<PlayableFile | undefined>(undefined);
  useEffect(() => () => playing?.close(), [playing]);
  const { ref, view } = item;
  if (ref === undefined) return null;
  const play = async (): Promise<void> => {
    try {
      setPlaying(await files.streams.open(ref, view));
    } catch (error) {
      reportError(errorCode(error));
    }
  };
  if (playing === undefined) {
    return (
      <button
        type="button"
        class="file-play"
        aria-label={text.attachments.play(view.name)}
        onClick={() => void play()}
      >
        <Icon name="play" />
      </button>
    );
  }
  // oxlint-disable-next-line jsx-a11y/media-has-caption -- what people record has no captions
  return <audio class="file-sound" src={playing.url} controls autoplay aria-label={view.name} />;
}
