import { useEffect, useState } from "preact/hooks";
import { type PresenceAudience, presenceAudiences } from "#schema/protocol/presence.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";

/** The server keeps the choice, so offline it is neither known nor changed. */
export function PresenceChoice() {
  const { client, reportError } = useApp();
  const [audience, setAudience] = useState<PresenceAudience>();

  useEffect(() => {
    client.api.presenceAudience().then(setAudience, () => setAudience(undefined));
  }, [client]);

  async function choose(chosen: PresenceAudience): Promise<void> {
    const before = audience;
    setAudience(chosen);
    try {
      await client.api.setPresenceAudience(chosen);
    } catch (error) {
      setAudience(before);
      reportError(errorCode(error));
    }
  }

  return (
    <fieldset class="segments" disabled={audience === undefined}>
      <legend class="section-title">{text.settings.presence}</legend>
      <div class="segments-row">
        {presenceAudiences.map((value) => (
          <label key={value} class="segment">
            <input
              type="radio"
              name="presence"
              value={value}
              checked={audience === value}
              onChange={() => void choose(value)}
            />
            <span>{text.settings.audiences[value]}</span>
          </label>
        ))}
      </div>
      <small>{text.settings.presenceHint}</small>
    </fieldset>
  );
}
