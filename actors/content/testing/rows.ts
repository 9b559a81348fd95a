import type { SiteStore } from '../../control/site.js';
import type { Asset, Project, Visitor, VisitSession } from '../content.types.js';
import {
  ASSET_DEFAULTS,
  PROJECT_DEFAULTS,
  SESSION_DEFAULTS,
  VISITOR_DEFAULTS,
} from '../defaults.js';

/** Content rows for tests: valid, and otherwise as the test says. */
export const contentRows = ({ content }: Pick<SiteStore, 'content'>) => ({
  project: (values: Partial<Omit<Project, 'id'>> = {}): Promise<Project> =>
    content.projects.create({
      ...PROJECT_DEFAULTS,
      name: 'Garden',
      latitude: 52.1,
      longitude: 13.4,
      publishedAtUnixMs: 1_800_000_000_000,
      ...values,
    }),
  visitor: (values: Partial<Omit<Visitor, 'id'>> = {}): Promise<Visitor> =>
    content.visitors.create({
      ...VISITOR_DEFAULTS,
      username: 'somebody',
      tokenHash: '00',
      createdAtUnixMs: 1_800_000_000_000,
      ...values,
    }),
  session: (
    values: Partial<Omit<VisitSession, 'id'>> & { readonly projectId: number },
  ): Promise<VisitSession> =>
    content.sessions.create({
      ...SESSION_DEFAULTS,
      startedAtUnixMs: 1_800_000_000_000,
      ...values,
    }),
  asset: (values: Partial<Omit<Asset, 'id'>> & { readonly projectId: number }): Promise<Asset> =>
    content.assets.create({
      ...ASSET_DEFAULTS,
      createdAtUnixMs: 1_800_000_000_000,
      updatedAtUnixMs: 1_800_000_000_000,
      ...values,
    }),
});
