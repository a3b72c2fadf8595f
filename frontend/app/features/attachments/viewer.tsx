import "./viewer.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import { formatExact } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";
import type { FileItem } from "./item.ts";
import type { PlayableFile } from "./streams.ts";
import type { ViewerPlace } from "./viewer-state.ts";

/** A picture or film over everything else. Escape, a click beside it and the cross lead back. */
export function Viewer({ peerName }: { peerName: string }) {
  const place = useApp().files.viewer.place.value;
  return place === undefined ? null : <Open place={place} peerName={peerName} />;
}

function Open({ place, peerName }: { place: ViewerPlace; peerName: string }) {
  const { files } = useApp();
  const { viewer } = files;
  const dialog = useRef<HTMLDialogElement>(null);
  const item = place.items[place.index];
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  if (item === undefined) return null;
  const { view, ref } = item;
  const sender = place.mine ? text.chat.you : peerName;
  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={view.name}
      onCancel={(event) => {
        event.preventDefault();
        viewer.close();
      }}
      onKeyDown={(event) => {
        if (event.target instanceof HTMLVideoElement) return;
        if (event.key === "ArrowRight") viewer.step(1);
        if (event.key === "ArrowLeft") viewer.step(-1);
      }}
    >
      <header class="viewer-head">
        <div class="viewer-about">
          <strong class="ellipsis">
            <bdi>{sender}</bdi>
          </strong>
          <span class="ellipsis">
            {formatExact(place.timeMs)}
            {place.items.length > 1 && ` · ${text.attachments.place(place.index + 1, place.items.length)}`}
          </span>
        </div>
        <button
          type="button"
          class="viewer-button"
          aria-label={text.attachments.save(view.name)}
          onClick={() => ref !== undefined && files.save(ref, view)}
        >
          <Icon name="download" />
        </button>
        <button
          type="button"
          class="viewer-button"
          aria-label={text.common.close}
          data-autofocus=""
          onClick={() => viewer.close()}
        >
          <Icon name="close" />
        </button>
      </header>
      <div class="viewer-stage">
        <button
          type="button"
          class="viewer-beside"
          tabIndex={-1}
          aria-label={text.common.close}
          onClick={() => viewer.close()}
        />
        {item.kind === "image" ? <Still key={item.key} item={item} /> : <Film key={item.key} item={item} />}
      </div>
      {place.index > 0 && <Step by={-1} />}
      {place.index < place.items.length - 1 && <Step by={1} />}
    </dialog>
  );
}

function Step({ by }: { by: 1 | -1 }) {
  const { viewer } = useApp().files;
  return (
    <button
      type="button"
      class={by === 1 ? "viewer-button viewer-next" : "viewer-button viewer-previous"}
      aria-label={by === 1 ? text.attachments.next : text.attachments.previous}
      onClick={() => viewer.step(by)}
    >
      <Icon name="back" />
    </button>
  );
}

/** A click shows it pixel by pixel, another one whole again. */
function Still({ item }: { item: FileItem }) {
  const { media } = useApp();
  const { ref, view } = item;
  const [url, setUrl] = useState(() => (ref === undefined ? undefined : media.known(ref)));
  const [zoomed, setZoomed] = useState(false);
  useEffect(() => {
    if (url === undefined && ref !== undefined) media.picture(ref, view).then(setUrl, () => undefined);
  }, [url, ref, view, media]);
  if (url === undefined) return <p class="viewer-note">{text.common.loading}</p>;
  return (
    <button
      type="button"
      class={zoomed ? "viewer-still viewer-zoomed" : "viewer-still"}
      aria-label={zoomed ? text.attachments.whole : text.attachments.zoom}
      aria-pressed={zoomed}
      onClick={() => setZoomed(!zoomed)}
    >
      <img src={url} alt={view.name} />
    </button>
  );
}

function Film({ item }: { item: FileItem }) {
  const { files, media } = useApp();
  const { ref, view } = item;
  const [playing, setPlaying] = useState<PlayableFile | undefined>(undefined);
  const [failed, setFailed] = useState(false);
  const { streams } = files;
  useEffect(() => {
    if (ref === undefined) return;
    let opened: PlayableFile | undefined;
    let left = false;
    const open = async (): Promise<void> => {
      try {
        opened = await streams.open(ref, view);
        if (left) opened.close();
        else setPlaying(opened);
      } catch {
        setFailed(true); // said where the film would be
      }
    };
    void open();
    return () => {
      left = true;
      opened?.close();
    };
    // What it is called stays; everything else of it is made anew with every reading of the store.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [item.key]);
  if (failed) return <p class="viewer-note">{text.attachments.unplayable}</p>;
  if (playing === undefined) return <p class="viewer-note">{text.common.loading}</p>;
  const poster = view.preview === undefined ? undefined : media.preview(view.preview);
  return (
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- what people film has no captions
    <video
      class="viewer-film"
      src={playing.url}
      {...(poster === undefined ? {} : { poster })}
      {...(view.width === undefined ? {} : { width: view.width, height: view.height })}
      controls
      autoplay
      playsInline
      aria-label={view.name}
      onError={() => setFailed(true)}
    />
  );
}
