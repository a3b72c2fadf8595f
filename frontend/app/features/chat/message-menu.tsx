import { useEffect, useState } from "preact/hooks";
import { trustText } from "../../i18n/en-trust.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { lazily } from "../../ui/lazily.tsx";
import { type MenuItem, PointMenu } from "../../ui/menu.tsx";
import type { Point } from "./message-pointing.ts";

const ReportDialog = lazily(async () => (await import("../report/report-dialog.tsx")).ReportDialog);

export interface MenuPlace {
  /** Of the message's row. */
  readonly key: string;
  readonly at: Point;
}

interface MessageMenuProps {
  place: MenuPlace;
  messages: readonly ShownMessage[];
  /** Undefined in a group, where everyone is called by the own name. */
  peerName: string | undefined;
  onClose: () => void;
}

/** What can be done with one message. Nothing opens where nothing can be done. */
export function MessageMenu({ place, messages, peerName, onClose }: MessageMenuProps) {
  const { client, toasts } = useApp();
  const [canReport, setCanReport] = useState<boolean>();
  const [isOpen, setIsOpen] = useState(true);
  const [reported, setReported] = useState<ShownMessage>();
  useEffect(() => {
    client.api.canReport().then(setCanReport, () => setCanReport(false));
  }, [client]);

  const message = messages.find(({ key }) => key === place.key);
  const items = message === undefined || canReport === undefined ? [] : itemsFor(message);
  const isFruitless = canReport !== undefined && items.length === 0;
  const isOver = reported === undefined && (isFruitless || !isOpen);
  useEffect(() => {
    if (isOver) onClose();
  }, [isOver, onClose]);

  function itemsFor(shown: ShownMessage): MenuItem[] {
    const { content, mine, seq } = shown;
    if (content.type !== "text" && content.type !== "attachments") return [];
    const { text: words } = content;
    const copy: MenuItem = { label: trustText.menu.copy, icon: "copy", onChoose: () => void copyText(words) };
    const report: MenuItem = {
      label: trustText.menu.report,
      icon: "flag",
      danger: true,
      onChoose: () => setReported(shown),
    };
    const isReportable = !mine && seq !== undefined && canReport === true;
    return [...(words === "" ? [] : [copy]), ...(isReportable ? [report] : [])];
  }

  async function copyText(words: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(words);
      toasts.show(trustText.menu.copied);
    } catch {
      toasts.show(text.recovery.copyFailed); // permission refused
    }
  }

  if (reported !== undefined) {
    return <ReportDialog message={reported} messages={messages} peerName={peerName} onClose={onClose} />;
  }
  if (items.length === 0 || !isOpen) return null;
  return (
    <PointMenu label={trustText.menu.label} at={place.at} items={items} onClose={() => setIsOpen(false)} />
  );
}
