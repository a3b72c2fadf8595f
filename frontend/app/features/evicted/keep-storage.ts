/** Whether the browser promised to keep what is stored here; undefined where it does not say. */
export async function isStorageKept(): Promise<boolean | undefined> {
  try {
    return await navigator.storage.persisted();
  } catch {
    return undefined; // an old browser, or a private window
  }
}

/** Asks the browser to keep it; some ask the person. */
export async function keepStorage(): Promise<boolean> {
  try {
    return await navigator.storage.persist();
  } catch {
    return false;
  }
}
