/** One short message at a time; the newest replaces the one before. */
let text = $state('');
let timer: ReturnType<typeof setTimeout> | undefined;
const SHOWN_MS = 5_000;

export const notice = {
  get text(): string {
    return text;
  },
};

export function say(next: string): void {
  text = next;
  clearTimeout(timer);
  timer = setTimeout(() => {
    text = '';
  }, SHOWN_MS);
}
