import type { WidgetType } from '../../../api/contract/dashboards.js';
import { below, KINDS, settled, shifted, type WidgetDraft } from '../../data/dashboard-model.js';
import type { DashboardDraft, DashboardWhole } from '../../data/dashboards.js';
import { EditHistory } from '../../data/edit-history.js';
import { COLUMNS } from '../../data/widget-channels.js';

/** What is changed of a dashboard until it is saved, step by step. */
export class DashboardEdit {
  /** Undefined: nobody edits. */
  draft = $state.raw<DashboardDraft | undefined>(undefined);
  canUndo = $state(false);
  canRedo = $state(false);
  #steps: EditHistory<DashboardDraft> | undefined;
  /** Widgets without an id of the server count down from here. */
  #nextId = -1;

  begin({ name, shared, variables, rangeMs, widgets }: DashboardWhole): void {
    this.#steps = new EditHistory<DashboardDraft>({ name, shared, variables, rangeMs, widgets });
    this.#note();
  }

  step(next: DashboardDraft): void {
    this.#steps?.push(next);
    this.#note();
  }

  undo(): void {
    this.#steps?.undo();
    this.#note();
  }

  redo(): void {
    this.#steps?.redo();
    this.#note();
  }

  leave(): void {
    this.#steps = undefined;
    this.#note();
  }

  setWidgets(widgets: readonly WidgetDraft[]): void {
    if (this.draft) this.step({ ...this.draft, widgets });
  }

  /** @returns its id; undefined when nobody edits */
  add(type: WidgetType): number | undefined {
    const kind = KINDS.find((one) => one.type === type);
    if (!this.draft || !kind) return undefined;
    const made: WidgetDraft = {
      id: this.#nextId--,
      type,
      title: '',
      signalId: null,
      signalChannel: null,
      x: 0,
      y: below(this.draft.widgets),
      w: kind.w,
      h: kind.h,
      config: {},
    };
    this.setWidgets([...this.draft.widgets, made]);
    return made.id;
  }

  duplicate(of: number): void {
    const one = this.draft?.widgets.find((widget) => widget.id === of);
    if (!this.draft || !one) return;
    const beside = one.x + one.w * 2 <= COLUMNS;
    const made = {
      ...one,
      id: this.#nextId--,
      x: beside ? one.x + one.w : one.x,
      y: beside ? one.y : one.y + one.h,
    };
    this.setWidgets(settled([...this.draft.widgets, made], made.id));
  }

  shift(of: number, by: Parameters<typeof shifted>[1]): void {
    if (!this.draft) return;
    const moved = this.draft.widgets.map((one) => (one.id === of ? shifted(one, by) : one));
    this.setWidgets(settled(moved, of));
  }

  #note(): void {
    this.draft = this.#steps?.present;
    this.canUndo = this.#steps?.canUndo ?? false;
    this.canRedo = this.#steps?.canRedo ?? false;
  }
}
