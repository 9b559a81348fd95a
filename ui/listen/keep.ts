/** Small things kept on the device. A browser that keeps nothing (private window, full disk) forgets them: no fault. */
export function keep(key: string, value: string): void {
  try {
    window.localStorage.setItem(`earshot.listen.${key}`, value);
  } catch (thrown) {
    console.warn('nothing can be kept on this device', thrown);
  }
}

export function kept(key: string): string | undefined {
  try {
    return window.localStorage.getItem(`earshot.listen.${key}`) ?? undefined;
  } catch (thrown) {
    console.warn('nothing can be kept on this device', thrown);
    return undefined;
  }
}

/** FNV-1a of a text, hex: tells one version of an agreement from the next. */
export function versionOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const unit of text.trim()) {
    hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}

/** Was this very text accepted here? A text in another language, or a new version, is asked for again. */
export function isAccepted(projectId: number, agreement: string | null): boolean {
  const text = agreement?.trim() ?? '';
  return text === '' || (kept(`agreed.${projectId}`) ?? '').split(' ').includes(versionOf(text));
}

export function accept(projectId: number, agreement: string | null): void {
  const text = agreement?.trim() ?? '';
  if (text === '' || isAccepted(projectId, text)) return;
  const before = (kept(`agreed.${projectId}`) ?? '').split(' ').filter((one) => one !== '');
  keep(`agreed.${projectId}`, [...before.slice(-7), versionOf(text)].join(' '));
}

/** A random name of this device, made at the first visit; a new one each time where nothing can be kept. */
export function deviceId(): string {
  const known = kept('device');
  if (known !== undefined && known.length >= 8) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const made = `web-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  keep('device', made);
  return made;
}
