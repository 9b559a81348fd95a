import type { ContentTable } from '../content/store.types.js';
import type * as Rows from './automation.types.js';

/**
 * Rules, alarms, notifications and recordings in the control store. Tables work as those of the content do; their
 * changes are noted under `automation.<name>`.
 */
export interface AutomationStore {
  readonly rules: ContentTable<Rows.RuleRow>;
  readonly ruleStates: ContentTable<Rows.RuleStateRow>;
  readonly alarms: ContentTable<Rows.AlarmRow>;
  readonly alarmComments: ContentTable<Rows.AlarmCommentRow>;
  readonly silences: ContentTable<Rows.SilenceRow>;
  readonly schedules: ContentTable<Rows.ScheduleRow>;
  readonly targets: ContentTable<Rows.TargetRow>;
  readonly deliveries: ContentTable<Rows.DeliveryRow>;
  readonly routes: ContentTable<Rows.RouteRow>;
  readonly alertGroups: ContentTable<Rows.AlertGroupRow>;
  readonly preferences: ContentTable<Rows.NotificationPreferenceRow>;
  readonly variables: ContentTable<Rows.VariableRow>;
  readonly experiments: ContentTable<Rows.ExperimentRow>;
  readonly journal: ContentTable<Rows.JournalRow>;
  readonly annotations: ContentTable<Rows.AnnotationRow>;
  readonly retention: ContentTable<Rows.RetentionRow>;
  readonly signals: ContentTable<Rows.SignalRow>;
  readonly edgePlugins: ContentTable<Rows.EdgePluginRow>;
  readonly edgeChannels: ContentTable<Rows.EdgeChannelRow>;
  readonly edgeUsers: ContentTable<Rows.EdgeUserRow>;
  readonly edgePackages: ContentTable<Rows.EdgePackageRow>;
  readonly firmwares: ContentTable<Rows.FirmwareRow>;
  readonly dashboards: ContentTable<Rows.DashboardRow>;
  readonly widgets: ContentTable<Rows.WidgetRow>;
  readonly audit: ContentTable<Rows.AuditRow>;
}
