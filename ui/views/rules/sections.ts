import type { IconName } from '../../parts/icon.svelte';

/** The pages of rules, in their order. */
export const RULE_SECTIONS = [
  { id: 'list', word: 'Rules', href: '/rules', icon: 'flag' },
  { id: 'schedules', word: 'Schedules', href: '/rules/schedules', icon: 'columns' },
  { id: 'targets', word: 'Targets', href: '/rules/targets', icon: 'share' },
  { id: 'deliveries', word: 'Deliveries', href: '/rules/deliveries', icon: 'upload' },
] as const satisfies readonly { id: string; word: string; href: string; icon: IconName }[];

export type RuleSection = (typeof RULE_SECTIONS)[number]['id'];

/** `12` and `new` are a rule in the builder; section undefined for what is no page. */
export function ruleSectionOf(item: string | undefined): {
  readonly section: RuleSection | undefined;
  readonly rule: string | undefined;
} {
  if (item === undefined) return { section: 'list', rule: undefined };
  if (item === 'new' || /^\d{1,15}$/.test(item)) return { section: 'list', rule: item };
  const found = RULE_SECTIONS.find(({ id }) => id === item && id !== 'list');
  return { section: found?.id, rule: undefined };
}
