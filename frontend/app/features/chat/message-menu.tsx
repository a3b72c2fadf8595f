import { useEffect, useState } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { Menu, type MenuItem } from "../../ui/menu.tsx";
import { ReportDialog } from "../report/report-dialog.tsx";
import type { Point } from "./message-pointing.ts";

export interface MenuPlace {
  readonly key: string;
  readonly at: Point;
}

interface MessageMenuProps {
  place: MenuPlace | undefined;
  messages: readonly ShownMessage[];
  peerName: string;
  onClose: () => void;
}

/** What can be done with one message. Nothing opens where nothing can be done. */
export function MessageMenu({ place, messages, peerName, onClose }: MessageMenuProps) {
  const { client, toasts } = useApp();
  const [canReport, setCanReport] = useState(false);
  const [reported, setReported] = useState<ShownMessage>();
  useEffect(() => {
    client.api.canReport().then(setCanReport, () => setCanReport(false));
  }, [client]);

  const message = place && messages.find(({ key }) => key === place.key);
  const items = message === undefined ? [] : itemsFor(message);
  useEffect(() => {
    if (place !== undefined && items.length === 0) onClose();
  });

  function itemsFor(shown: ShownMessage): MenuItem[] {
    const { content, mine, seq } = shown;
    if (content.type !== "text") return [];
    const copy: MenuItem = {
      label: text.menu.copy,
      icon: "copy",
      onChoose: () => void copyText(content.text),
    };
    if (mine || seq === undefined || !canReport) return [copy];
    const report = (): void => setReported(shown);
    return [copy, { label: text.menu.report, icon: "flag", danger: true, onChoose: report }];
  }

  async function copyText(message: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(message);
      toasts.show(text.menu.copied);
    } catch {
      toasts.show(text.recovery.copyFailed); // permission refused
    }
  }

  return (
    <>
      {place !== undefined && items.length > 0 && (
        <Menu label={text.menu.label} at={place.at} items={items} onClose={onClose} />
      )}
      {reported !== undefined && (
        <ReportDialog
          message={reported}
          messages={messages}
          peerName={peerName}
          onClose={() => setReported(undefined)}
        />
      )}
    </>
  );
}
