import { useCallback, useEffect, useState } from "preact/hooks";
import type { PasskeyView } from "#core/client-api.ts";
import { useApp } from "../../state/context.ts";

/** The passkeys of the account, and the function that reads them again. The server keeps them, so offline they are unknown. */
export function usePasskeys(): readonly [readonly PasskeyView[] | "loading" | "failed", () => Promise<void>] {
  const { api } = useApp().client;
  const [passkeys, setPasskeys] = useState<readonly PasskeyView[] | "loading" | "failed">("loading");
  const read = useCallback(
    () =>
      api.listPasskeys().then(setPasskeys, () => {
        setPasskeys("failed");
      }),
    [api],
  );
  useEffect(() => void read(), [read]);
  return [passkeys, read];
}
