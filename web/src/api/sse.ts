// A stream of server-sent events that comes back by itself, with growing pauses, and rests while the page is hidden: a
// browser allows six connections to one HTTP/1.1 server, and each open tab would hold one.

const kFirstPause = 1_000;
const kLongestPause = 30_000;

export interface Stream {
  close(): void;
}

export interface StreamOptions {
  url: string;
  event: string;
  take: (data: string) => void;
  /** True once connected, false while it is not. */
  connected?: (yes: boolean) => void;
  /** Connected again after a gap: what happened meanwhile has to be read. */
  resumed?: () => void;
}

export function openStream({ url, event, take, connected, resumed }: StreamOptions): Stream {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let pause = kFirstPause;
  let opened = false;
  let closed = false;

  function stop(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    source?.close();
    source = null;
  }

  function start(): void {
    if (closed || document.hidden || source) return;
    source = new EventSource(url);
    source.addEventListener('open', () => {
      pause = kFirstPause;
      connected?.(true);
      if (opened) resumed?.();
      opened = true;
    });
    source.addEventListener(event, (message) => take((message as MessageEvent<string>).data));
    source.addEventListener('error', () => {
      connected?.(false);
      stop();
      timer = setTimeout(start, pause);
      pause = Math.min(pause * 2, kLongestPause);
    });
  }

  function visibility(): void {
    if (document.hidden) stop();
    else start();
  }

  document.addEventListener('visibilitychange', visibility);
  start();
  return {
    close() {
      closed = true;
      document.removeEventListener('visibilitychange', visibility);
      stop();
    },
  };
}
