import { useEffect, useState } from "preact/hooks";
import { storageText } from "../../i18n/en-storage.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";
import { isStorageKept, keepStorage } from "./keep-storage.ts";

/** Whether the browser may delete what is stored here. */
export function StorageSection() {
  const { toasts } = useApp();
  const [isKept, setIsKept] = useState<boolean | "loading" | undefined>("loading");
  useEffect(() => void isStorageKept().then(setIsKept), []);

  async function ask(): Promise<void> {
    const agreed = await keepStorage();
    setIsKept(agreed);
    if (!agreed) toasts.show(storageText.refused);
  }

  if (isKept === "loading") return null;
  return (
    <section>
      <h3 class="section-title">{storageText.title}</h3>
      {isKept === undefined ? (
        <p class="setting-note">{storageText.unknown}</p>
      ) : (
        <div class="session backup-state">
          <span class="session-icon">
            <Icon name={isKept ? "check" : "info"} />
          </span>
          <span>
            {isKept ? storageText.kept : storageText.notKept}
            <small>{isKept ? storageText.keptBody : storageText.notKeptBody}</small>
          </span>
          {!isKept && (
            <button type="button" class="button button-plain" onClick={() => void ask()}>
              {storageText.ask}
            </button>
          )}
        </div>
      )}
    </section>
  );
}
