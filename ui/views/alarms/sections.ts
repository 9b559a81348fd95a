import type { IconName } from '../../parts/icon.svelte';

/** The pages of alarms, in their order. */
export const ALARM_SECTIONS = [
  { id: 'desk', word: 'Alarm desk', href: '/alarms', icon: 'alert' },
  { id: 'silences', word: 'Silences', href: '/alarms/silences', icon: 'muted' },
  { id: 'routes', word: 'Who is told', href: '/alarms/routes', icon: 'share' },
  { id: 'mine', word: 'My notifications', href: '/alarms/mine', icon: 'user' },
] as const satisfies readonly { id: string; word: string; href: string; icon: IconName }[];

export type AlarmSection = (typeof ALARM_SECTIONS)[number]['id'];

/** `12` is an alarm on the desk; undefined for what is no page. */
export function alarmSectionOf(item: string | undefined): AlarmSection | undefined {
  if (item === undefined || /^\d{1,15}$/.test(item)) return 'desk';
  return ALARM_SECTIONS.find(({ id }) => id === item && id !== 'desk')?.id;
}
