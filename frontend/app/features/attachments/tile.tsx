import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import { formatBytes, formatLength } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";
import type { FileItem } from "./item.ts";
import { autoLoadMaxBytes, boxOf } from "./kinds.ts";
import { Ring, spokenProgress } from "./ring.tsx";
import type { ViewerPlace } from "./viewer-state.ts";

interface TileProps {
  item: FileItem;
  isAlone: boolean;
  open: ViewerPlace;
  onCancel: () => void;
}

/** Loaded a screen before it is seen. */
const loadMargin = "100% 0px";

/** A picture or film in a bubble. Its place is there from the first moment; first blurred, then sharp. */
export function Tile({ item, isAlone, open, onCancel }: TileProps) {
  const { view, ref, kind } = item;
  const { media, files } = useApp();
  const frame = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const [wanted, setWanted] = useState(view.isLocal || view.sizeBytes <= autoLoadMaxBytes);
  const [url, setUrl] = useState(() => (ref === undefined ? undefined : media.known(ref)));
  const [failed, setFailed] = useState(false);
  const [sharp, setSharp] = useState(url !== undefined);
  const transfer = ref === undefined ? undefined : files.transfers.of(ref).value;
  const preview = view.preview === undefined ? undefined : media.preview(view.preview);
  const isPicture = kind === "image";

  useEffect(() => {
    const element = frame.current;
    if (element === null || near) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setNear(true),
      { root: element.closest(".log"), rootMargin: loadMargin },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [near]);

  useEffect(() => {
    if (!isPicture || !near || !wanted || failed || url !== undefined || ref === undefined) return;
    let left = false;
    media.picture(ref, view).then(
      (opened) => left || setUrl(opened),
      () => left || setFailed(true),
    );
    return () => {
      left = true;
    };
    // The same file is another object after every reading of the store.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [near, wanted, failed, url, ref?.clientMessageId, ref?.seq]);

  const box = boxOf(view);
  const place = isAlone
    ? { width: `min(${box.width}px, 68vw)`, aspectRatio: `${box.width} / ${box.height}` }
    : {};
  const isGoingUp = item.isUnsent && !item.isFailed && transfer?.state !== "done";
  const isComing = isPicture && !isGoingUp && url === undefined && wanted && !failed;

  return (
    <div class="tile" ref={frame} style={place}>
      {preview !== undefined && !sharp && <img class="tile-preview" src={preview} alt="" />}
      {url !== undefined && (
        <img
          class={sharp ? "tile-picture tile-sharp" : "tile-picture"}
          src={url}
          alt={view.name}
          decoding="async"
          onLoad={() => setSharp(true)}
        />
      )}
      <button
        type="button"
        class="tile-open"
        aria-label={isPicture ? text.attachments.openPicture(view.name) : text.attachments.play(view.name)}
        disabled={ref === undefined || (isPicture && url === undefined)}
        onClick={() => files.viewer.open(open)}
      />
      <div class="tile-middle">
        {isGoingUp ? (
          <Ring
            transfer={transfer}
            icon="close"
            label={text.attachments.cancelUpload(view.name, spokenProgress(transfer))}
            onClick={ref === undefined ? undefined : onCancel}
          />
        ) : isPicture && (failed || !wanted) ? (
          <button
            type="button"
            class="tile-load"
            onClick={() => {
              setFailed(false);
              setWanted(true);
            }}
          >
            <Icon name={failed ? "retry" : "download"} />
            {failed ? text.common.retry : formatBytes(view.sizeBytes)}
          </button>
        ) : isComing && transfer !== undefined && transfer.state !== "done" ? (
          <Ring
            transfer={transfer}
            icon="close"
            label={text.attachments.cancelDownload(view.name, spokenProgress(transfer))}
            onClick={() => {
              setWanted(false);
              if (ref !== undefined) files.cancel(ref);
            }}
          />
        ) : (
          !isPicture && (
            <span class="tile-play" aria-hidden="true">
              <Icon name="play" />
            </span>
          )
        )}
      </div>
      {!isPicture && (
        <span class="tile-note">
          <Icon name="film" />
          {view.durationMs === undefined ? formatBytes(view.sizeBytes) : formatLength(view.durationMs)}
        </span>
      )}
    </div>
  );
}
