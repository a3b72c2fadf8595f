import "./groups.css";
import { useEffect, useState } from "preact/hooks";
import type { ClientErrorCode, MessageInfoView } from "#core/client-api.ts";
import type { ConversationId, Sequence } from "#schema/ids.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Ticks } from "../chat/ticks.tsx";
import { byProgress, type Progress } from "./progress.ts";

interface MessageInfoProps {
  conversationId: ConversationId;
  seq: Sequence;
  onClose: () => void;
}

/** Who has an own message, who has read it, and on how many devices it can be opened. */
export function MessageInfo({ conversationId, seq, onClose }: MessageInfoProps) {
  const { client } = useApp();
  const [info, setInfo] = useState<MessageInfoView>();
  const [problem, setProblem] = useState<ClientErrorCode>();
  useEffect(() => {
    const read = (): void => {
      client.api
        .messageInfo(conversationId, seq)
        .then(setInfo, (error: unknown) => setProblem(errorCode(error)));
    };
    read();
    return client.subscribe((event) => {
      if (event.type === "messages" && event.conversationId === conversationId) read();
    });
  }, [client, conversationId, seq]);
  return (
    <Dialog title={text.groups.messageInfo.title} kind="sheet" onClose={onClose}>
      <div class="dialog-scroll message-info">
        {info !== undefined && <Progresses info={info} />}
        {info === undefined && problem !== undefined && (
          <p class="info-failed" role="alert">
            {text.errors[problem]}
          </p>
        )}
        {info === undefined && problem === undefined && (
          <div aria-busy="true" aria-label={text.common.loading}>
            <span class="skeleton skeleton-name" />
            <span class="skeleton skeleton-preview" />
          </div>
        )}
      </div>
    </Dialog>
  );
}

const sections: readonly (readonly [Progress, "read" | "delivered" | "sent", string])[] = [
  ["read", "read", text.groups.messageInfo.readBy],
  ["delivered", "delivered", text.groups.messageInfo.deliveredTo],
  ["waiting", "sent", text.groups.messageInfo.waiting],
];

function Progresses({ info }: { info: MessageInfoView }) {
  const groups = byProgress(info.members);
  const { devices, readableOn } = info;
  const words = text.groups.messageInfo;
  return (
    <>
      <p class="readable">
        <Icon name="device" />
        <span>
          <strong>{words.readable(readableOn, devices)}</strong>
          <small>{readableOn < devices ? words.readableHint : words.readableAll}</small>
        </span>
      </p>
      {sections
        .filter(([progress]) => groups[progress].length > 0)
        .map(([progress, delivery, title]) => (
          <section key={progress}>
            <h3 class="section-title progress-title">
              <Ticks delivery={delivery} />
              {title}
              <span class="progress-count">{groups[progress].length}</span>
            </h3>
            <ul>
              {groups[progress].map(({ account, username }) => (
                <li class="member" key={account}>
                  <Avatar account={account} name={username} size="s" />
                  <span class="member-name ellipsis">
                    <bdi>{username || text.groups.someone}</bdi>
                  </span>
                </li>
              ))}
            </ul>
          </section>
        ))}
    </>
  );
}
