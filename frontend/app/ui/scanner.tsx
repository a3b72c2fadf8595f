import "./scanner.css";
import { useEffect, useRef } from "preact/hooks";

interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}

/** Not in every browser, and not in the compiler's library. */
declare const BarcodeDetector: undefined | (new (options: { formats: readonly string[] }) => Detector);

const lookEveryMs = 200;

export function canScan(): boolean {
  return "BarcodeDetector" in globalThis && "mediaDevices" in navigator;
}

interface ScannerProps {
  label: string;
  onFound: (text: string) => void;
  onFailed: () => void;
}

/** The camera is on while this is on screen, and its pictures stay here. */
export function Scanner({ label, onFound, onFailed }: ScannerProps) {
  const video = useRef<HTMLVideoElement>(null);
  const toldRef = useRef({ onFound, onFailed });
  useEffect(() => {
    toldRef.current = { onFound, onFailed };
  });
  useEffect(() => {
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isStopped = false;

    async function look(detector: Detector, from: HTMLVideoElement): Promise<void> {
      const [code] = await detector.detect(from);
      if (isStopped) return;
      if (code !== undefined) toldRef.current.onFound(code.rawValue);
      else timer = setTimeout(() => void look(detector, from).catch(failed), lookEveryMs);
    }

    async function start(): Promise<void> {
      if (BarcodeDetector === undefined) throw new TypeError("no detector");
      const opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      stream = opened;
      const shown = video.current;
      if (isStopped || shown === null) return stop();
      shown.srcObject = opened;
      await shown.play();
      await look(new BarcodeDetector({ formats: ["qr_code"] }), shown);
    }

    function stop(): void {
      isStopped = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    }

    /** Permission refused, no camera, or no detector on this platform. */
    function failed(): void {
      if (!isStopped) toldRef.current.onFailed();
    }

    start().catch(failed);
    return stop;
  }, []);
  return (
    <figure class="scanner">
      <video ref={video} muted playsInline aria-label={label} />
      <figcaption>{label}</figcaption>
    </figure>
  );
}
