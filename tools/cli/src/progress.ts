/** A line that is written over in a terminal, and now and then a line of its own elsewhere. */
export interface ProgressLine {
  show(text: string): void;
  end(): void;
}

const QUIET_MS = 5_000;

export const progressLine = (stream: NodeJS.WriteStream = process.stderr, quiet = false): ProgressLine => {
  let last = '';
  let shownAt = 0;
  return {
    show(text) {
      if (quiet || text === last) return;
      last = text;
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 120) - 1)}`);
      } else if (Date.now() - shownAt > QUIET_MS) {
        shownAt = Date.now();
        stream.write(`${text}\n`);
      }
    },
    end() {
      if (!quiet && stream.isTTY && last !== '') stream.write('\n');
      last = '';
    },
  };
};

/** `[########........]  50 %` */
export const bar = (done: number, total: number, width = 24): string => {
  const part = total > 0 ? Math.min(1, done / total) : 0;
  const filled = Math.round(part * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${String(Math.floor(part * 100)).padStart(3)} %`;
};

/** Seconds as `1 h 02 min`, `3 min 20 s` or `12 s`. */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${whole} s`;
};
