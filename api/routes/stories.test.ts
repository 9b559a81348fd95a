import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentRows } from '../../actors/content/testing/rows.js';
import type { SiteStore } from '../../actors/control/site.js';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import type { AssetStory } from '../contract/story.js';
import { ANONYMOUS } from '../http/auth.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { storyRoutes, type Teller } from './stories.js';

let home: TestHome;
let store: SiteStore;
let gateway: Gateway;
const visits = new Map<string, Teller>();

beforeAll(async () => {
  home = await testHome('sqlite');
  await home.renew();
  const opened = await home.open();
  store = opened;
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes: storyRoutes({ content: store.content, visitOf: (id) => visits.get(id) }),
    sockets: [],
    files: [],
    authenticate: () => ANONYMOUS,
    trustedProxies: [],
    clock: opened.clock,
    log: { info() {}, warn() {}, error() {} },
  });
});
afterAll(async () => {
  await gateway.stop(100);
  await home.close();
});

async function story(visit: string, assetId: number | string) {
  const answer = await fetch(
    `http://127.0.0.1:${gateway.port}/v1/sessions/${visit}/assets/${assetId}`,
  );
  return { status: answer.status, json: (await answer.json()) as AssetStory };
}

describe('the story of a recording', () => {
  it('has words, tags, photo and text of its envelope, for those who may hear it', async () => {
    const rows = contentRows(store);
    const { content } = store;
    const project = await rows.project();
    const visitor = await rows.visitor();
    const author = await rows.session({ projectId: project.id, userId: visitor.id });
    const listener = await rows.session({ projectId: project.id });
    const again = await rows.session({ projectId: project.id, userId: visitor.id });
    const envelope = await content.envelopes.create({ sessionId: author.id, createdAtUnixMs: 1 });
    const category = await content.tagCategories.create({ name: 'who', data: '' });
    const spanish =
      (await content.languages.find()).find(({ code }) => code === 'es') ??
      (await content.languages.create({ name: 'Spanish', code: 'es' }));
    const word = await content.localizedStrings.create({ languageId: spanish.id, text: 'Abuelas' });
    const tag = await content.tags.create({
      projectId: project.id,
      categoryId: category.id,
      value: 'grandmothers',
      description: 'Grandmothers',
      data: '',
      filter: '',
      location: null,
      descriptionLocIds: [],
      messageLocIds: [word.id],
    });
    const common = {
      projectId: project.id,
      sessionId: author.id,
      userId: visitor.id,
      envelopeIds: [envelope.id],
      ingest: 'ready' as const,
    };
    const sound = await rows.asset({ ...common, description: 'The well', tagIds: [tag.id] });
    await rows.asset({ ...common, mediaType: 'photo', filename: 'a b.jpg', description: 'A well' });
    await rows.asset({ ...common, mediaType: 'text', filename: 'words.txt' });
    visits.set('author', { number: author.id, projectId: project.id, languageId: spanish.id });
    visits.set('again', { number: again.id, projectId: project.id });
    visits.set('other', { number: listener.id, projectId: project.id });

    const mine = await story('author', sound.id);
    expect(mine).toEqual({
      status: 200,
      json: {
        id: sound.id,
        description: 'The well',
        tags: ['Abuelas'],
        mine: true,
        submitted: false,
        ingest: 'ready',
        ingestError: null,
        photoUrl: '/media/a%20b.jpg',
        altText: 'A well',
        textUrl: '/media/words.txt',
      },
    });
    expect((await story('again', sound.id)).json.mine).toBe(true);
    expect((await story('other', sound.id)).status).toBe(404);
    expect((await story('again', sound.id)).json.tags).toEqual(['Grandmothers']);
    expect((await story('again', `${sound.id}?language=es`)).json.tags).toEqual(['Abuelas']);

    await content.assets.update(sound.id, { submitted: true });
    const heard = await story('other', sound.id);
    // The photo waits for approval still: nobody else sees it.
    expect(heard.json).toMatchObject({ tags: ['Grandmothers'], mine: false, photoUrl: null });
  });

  it('is not told about other projects, unknown recordings or without a session', async () => {
    const rows = contentRows(store);
    const [one, other] = [await rows.project(), await rows.project()];
    const session = await rows.session({ projectId: one.id });
    const elsewhere = await rows.asset({ projectId: other.id, submitted: true });
    visits.set('here', { number: session.id, projectId: one.id });
    expect((await story('here', elsewhere.id)).status).toBe(404);
    expect((await story('here', 999_999)).status).toBe(404);
    expect((await story('nobody', elsewhere.id)).status).toBe(404);
    expect((await story('here', 'x')).status).toBe(400);
  });
});
