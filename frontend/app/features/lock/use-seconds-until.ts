import { useEffect, useState } from "preact/hooks";

/** Whole seconds left until a moment, 0 from then on; and the function that sets another moment, as a delay. */
export function useSecondsUntil(firstMs: number): readonly [number, (delayMs: number) => void] {
  const [untilMs, setUntilMs] = useState(firstMs);
  const [nowMs, setNowMs] = useState(() => Date.now());
  const leftMs = Math.max(untilMs - nowMs, 0);
  useEffect(() => {
    if (leftMs === 0) return undefined;
    const timer = setTimeout(() => setNowMs(Date.now()), leftMs % 1_000 || 1_000);
    return () => clearTimeout(timer);
  }, [leftMs]);
  const waitFor = (delayMs: number): void => {
    setNowMs(Date.now());
    setUntilMs(Date.now() + delayMs);
  };
  return [Math.ceil(leftMs / 1_000), waitFor];
}
