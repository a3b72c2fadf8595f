import type { ConversationView } from "#core/client-api.ts";
import { devicesText } from "../../i18n/en-devices.ts";
import { Icon } from "../../ui/icons.tsx";

/** Above the composer while the server denies a device list that devices vouch for. */
export function WithheldNote({ people }: { people: ConversationView["devicesWithheld"] }) {
  return (
    <>
      {people.map(({ account, username, isMe }) => (
        <output key={account} class="notice contradiction">
          <Icon name="warning" />
          {isMe ? devicesText.withheldOfMine : devicesText.withheldOf(username)}
        </output>
      ))}
    </>
  );
}
