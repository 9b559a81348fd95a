// Over 400 lines: one site serves all of these.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { covers, shows } from './testing/covers.js';
import { fiveCalls, narrows } from './testing/fields.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, square, type World } from './testing/world.js';

let site: RoundwareSite;
let world: World;
beforeAll(async () => {
  site = await startRoundwareSite();
  world = await makeWorld(site);
});
afterAll(() => site.stop());

async function category(name: string): Promise<number> {
  return (await world.olga.post('tagcategories/', { name, data: '' })).id;
}

async function tag(categoryId: number, value: string, more: object = {}): Promise<number> {
  const { olga, projectId } = world;
  const body = { project_id: projectId, tag_category_id: categoryId, value, ...more };
  return (await olga.post('tags/', body)).id;
}

test('tags and their categories and relationships keep each field', async () => {
  const { olga, ada, projectId, texts, germanSessionId } = world;
  const categoryRow = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'tagcategories',
    made: { name: 'question', data: 'colour=red' },
    changed: { name: 'questions', data: '' },
  });
  await narrows(ada, 'tagcategories', 'name', 'name=questions', [categoryRow.id]);
  const row = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'tags',
    made: {
      value: 'Memory',
      description: 'A memory',
      data: 'class=tag-one',
      filter: '_within_10km',
      location: square(1, 2, 0.1),
      project_id: projectId,
      tag_category_id: categoryRow.id,
      description_loc_ids: await texts('A memory', 'Eine Erinnerung'),
      msg_loc_ids: await texts('What do you remember?', 'Woran erinnerst du dich?'),
    },
    shown: {
      value: 'Memory',
      description: 'A memory',
      data: 'class=tag-one',
      filter: '_within_10km',
      location: square(1, 2, 0.1),
      project_id: projectId,
      tag_category_id: categoryRow.id,
      description_loc: 'A memory',
      msg_loc: 'What do you remember?',
      relationships: [],
    },
    changed: { value: 'Story', description: 'Told', data: '', filter: '', location: null },
  });
  const parentTag = await tag(categoryRow.id, 'Parent', {
    description: 'zz-parent',
    data: 'zz-data',
  });
  const parent = await olga.post('tagrelationships/', { tag_id: parentTag, parent_id: null });
  const relationship = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'tagrelationships',
    made: { tag_id: row.id, parent_id: parent.id },
    changed: { parent_id: null },
  });
  await olga.patch(`tagrelationships/${relationship.id}/`, { parent_id: parent.id });
  await narrows(ada, 'tagrelationships', 'tag_id', `tag_id=${row.id}`, [relationship.id]);
  await narrows(ada, 'tagrelationships', 'parent_id', `parent_id=${parent.id}`, [relationship.id]);
  shows(
    'GET tags',
    (await ada.list('tags/')).find(({ id }) => id === row.id),
    {
      relationships: [{ id: relationship.id, tag_id: row.id, parent_id: parent.id }],
    },
  );
  const german = await ada.list(`tags/?project_id=${projectId}&session_id=${germanSessionId}`);
  expect(german.find(({ id }) => id === row.id)).toMatchObject({
    description_loc: 'Eine Erinnerung',
    msg_loc: 'Woran erinnerst du dich?',
  });
  covers('GET tags', '?session_id');
  await narrows(ada, 'tags', 'description', 'description=ZZ-PAR', [parentTag]);
  await narrows(ada, 'tags', 'data', 'data=zz-d', [parentTag]);
  await narrows(ada, 'tags', 'project_id', 'project_id=9999', []);
  await narrows(ada, 'tags', 'project_id', `project_id=${projectId}`, await ada.ids('tags/'));
  const admin = await olga.get(`tags/${row.id}/?admin=1`);
  expect(admin['msg_loc_admin']).toMatchObject([
    { text: 'What do you remember?', language: 'en' },
    { text: 'Woran erinnerst du dich?', language: 'de' },
  ]);
  covers('GET tags', '?admin');
  const inProject = `projects/${projectId}/tags/?session_id=${germanSessionId}`;
  expect(await ada.list(inProject)).toEqual(german);
  covers('GET projects/{id}/tags', '=tags of the project', '?session_id');
  expect(await olga.call('DELETE', 'tags/')).toMatchObject({ status: 400 });
  covers('DELETE tags', '=400');
});

test('choices of an app: groups, items, and the whole of them in order and language', async () => {
  const { olga, ada, projectId, texts, sessionId, germanSessionId } = world;
  const categoryId = await category('who is it');
  const msg_loc_ids = await texts('Man', 'Mann');
  const [man, woman] = [
    await tag(categoryId, 'man', { msg_loc_ids }),
    await tag(categoryId, 'woman'),
  ];
  const headers = await texts('Who?', 'Wer?');
  const group = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'uigroups',
    made: {
      name: 'Who',
      ui_mode: 'listen',
      select: 'multi',
      active: true,
      index: 2,
      uiitem_filter: 'random-1',
      tag_category_id: categoryId,
      project_id: projectId,
      header_text_loc_ids: headers,
    },
    shown: {
      name: 'Who',
      ui_mode: 'listen',
      select: 'multi',
      active: true,
      index: 2,
      uiitem_filter: 'random-1',
      tag_category_id: categoryId,
      project_id: projectId,
      header_text_loc: 'Who?',
      ui_items: [],
    },
    changed: {
      name: 'Whom',
      ui_mode: 'speak',
      select: 'single',
      active: false,
      index: 7,
      uiitem_filter: 'none',
    },
  });
  await olga.patch(`uigroups/${group.id}/`, { ui_mode: 'listen', active: true, index: 2 });
  const item = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'uiitems',
    made: {
      index: 5,
      default: true,
      active: true,
      ui_group_id: group.id,
      tag_id: man,
      parent_id: null,
    },
    changed: { index: 6, default: false, tag_id: woman },
  });
  await olga.patch(`uiitems/${item.id}/`, { tag_id: man, default: true, index: 5 });
  const wish = { ui_group_id: group.id, index: 1, active: true, default: false };
  const first = await olga.post('uiitems/', { ...wish, tag_id: woman, parent_id: item.id });
  const twice = await olga.post('uiitems/', { ...wish, tag_id: woman, index: 9 });
  const hidden = await olga.post('uiitems/', { ...wish, tag_id: man, index: 0, active: false });
  const all = [item.id, first.id, twice.id, hidden.id];
  await narrows(ada, 'uiitems', 'ui_group_id', `ui_group_id=${group.id}`, all);
  await narrows(ada, 'uiitems', 'project_id', `project_id=${projectId}`, all);
  await narrows(ada, 'uiitems', 'tag_id', `tag_id=${woman}`, [first.id, twice.id]);
  await narrows(ada, 'uiitems', 'parent_id', `parent_id=${item.id}`, [first.id]);
  await narrows(ada, 'uiitems', 'index', 'index=9', [twice.id]);
  await narrows(ada, 'uiitems', 'default', 'default=True', [item.id]);
  await narrows(ada, 'uiitems', 'active', 'active=false', [hidden.id]);
  const shown = await ada.get(`uigroups/${group.id}/`);
  expect(shown['ui_items']).toMatchObject([
    { id: hidden.id },
    { id: first.id },
    { id: item.id },
    { id: twice.id },
  ]);
  shows('GET uigroups', shown, { ui_items: shown['ui_items'] });

  const speak = await olga.post('uigroups/', {
    name: 'Tell',
    ui_mode: 'speak',
    select: 'single',
    index: 1,
    tag_category_id: categoryId,
    project_id: projectId,
  });
  const before = await olga.post('uigroups/', {
    name: 'Ahead',
    ui_mode: 'listen',
    select: 'min_one',
    index: 1,
    tag_category_id: categoryId,
    project_id: projectId,
  });
  const off = await olga.post('uigroups/', {
    name: 'Off',
    ui_mode: 'listen',
    select: 'multi',
    active: false,
    tag_category_id: categoryId,
    project_id: projectId,
  });
  const parent = await olga.post('uiitems/', { ui_group_id: speak.id, tag_id: man });
  const child = await olga.post('uiitems/', {
    ui_group_id: speak.id,
    tag_id: man,
    parent_id: parent.id,
  });
  await narrows(ada, 'uigroups', 'name', 'name=wh', [group.id]);
  await narrows(ada, 'uigroups', 'ui_mode', 'ui_mode=speak', [speak.id]);
  await narrows(ada, 'uigroups', 'select', 'select=min_one', [before.id]);
  await narrows(ada, 'uigroups', 'active', 'active=false', [off.id]);
  await narrows(ada, 'uigroups', 'index', 'index=2', [group.id]);
  await narrows(ada, 'uigroups', 'tag_category_id', 'tag_category_id=9999', []);
  await narrows(ada, 'uigroups', 'project_id', 'project_id=9999', []);
  const german = await ada.list(`uigroups/?name=wh&session_id=${germanSessionId}`);
  expect(german[0]).toMatchObject({ header_text_loc: 'Wer?' });
  covers('GET uigroups', '?session_id');
  expect(await olga.get(`uigroups/${group.id}/?admin`)).toMatchObject({
    header_text_loc_admin: [{ text: 'Who?' }, { text: 'Wer?' }],
  });
  covers('GET uigroups', '?admin');

  const groups = `projects/${projectId}/uigroups/`;
  expect((await ada.call('GET', groups)).status).toBe(400);
  expect(await ada.ids(`${groups}?session_id=${sessionId}`)).toEqual([
    group.id,
    speak.id,
    before.id,
    off.id,
  ]);
  expect(await ada.ids(`${groups}?session_id=${sessionId}&ui_mode=speak`)).toEqual([speak.id]);
  covers('GET projects/{id}/uigroups', '=groups of the project', '=session_id needed', '?ui_mode');

  const config = `projects/${projectId}/uiconfig/`;
  expect((await ada.call('GET', config)).status).toBe(400);
  const whole = await ada.get(`${config}?session_id=${germanSessionId}`);
  expect(whole).toEqual({
    listen: [
      {
        select: 'min_one',
        group_short_name: 'Who Is It',
        header_display_text: null,
        uiitem_filter: 'none',
        display_items: [],
      },
      {
        select: 'single',
        group_short_name: 'Who Is It',
        header_display_text: 'Wer?',
        uiitem_filter: 'none',
        display_items: [
          {
            id: first.id,
            tag_id: woman,
            parent_id: null,
            default_state: false,
            tag_display_text: null,
          },
          {
            id: item.id,
            tag_id: man,
            parent_id: null,
            default_state: true,
            tag_display_text: 'Mann',
          },
        ],
      },
    ],
    speak: [
      {
        select: 'single',
        group_short_name: 'Who Is It',
        header_display_text: null,
        uiitem_filter: 'none',
        display_items: [
          {
            id: parent.id,
            tag_id: man,
            parent_id: null,
            default_state: false,
            tag_display_text: 'Mann',
          },
          {
            id: child.id,
            tag_id: man,
            parent_id: parent.id,
            default_state: false,
            tag_display_text: 'Mann',
          },
        ],
      },
    ],
  });
  covers(
    'GET projects/{id}/uiconfig',
    ...['listen', 'speak', 'select', 'group_short_name', 'header_display_text', 'display_items'],
    ...['uiitem_filter', 'id', 'tag_id', 'parent_id', 'default_state', 'tag_display_text'],
    ...['=session_id', '=order', '=active', '=once'],
  );
});

test('UI elements and their names keep each field, and come together by view', async () => {
  const { olga, ada, projectId, texts } = world;
  const named = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'uielementnames',
    made: { name: 'button', description: 'A button', view: 'home' },
    changed: { name: 'listen-button', description: '', view: 'listen' },
  });
  await narrows(ada, 'uielementnames', 'name', 'name=listen-button', [named.id]);
  await narrows(ada, 'uielementnames', 'view', 'view=listen', [named.id]);
  const label_text_loc_ids = await texts('Listen', 'Hören');
  const element = await fiveCalls({
    staff: olga,
    reader: ada,
    path: 'uielements',
    made: {
      variant: '-2x',
      file_extension: 'png',
      label_text_color: '#fff',
      label_position: 'top',
      label_text_loc_ids,
      uielementname_id: named.id,
      project_id: projectId,
    },
    changed: { file_extension: 'jpg', label_text_color: '#000', label_position: 'left' },
  });
  const other = await olga.post('uielements/', {
    variant: '',
    file_extension: 'gif',
    uielementname_id: (await olga.post('uielementnames/', { name: 'x', view: 'speak' })).id,
    project_id: projectId,
  });
  await narrows(ada, 'uielements', 'uielementname', `uielementname=${named.id}`, [element.id]);
  await narrows(ada, 'uielements', 'uielementname', 'uielementname=listen-button', [element.id]);
  await narrows(ada, 'uielements', 'project_id', `project_id=${projectId}`, [element.id, other.id]);
  await narrows(ada, 'uielements', 'variant', 'variant=-2x', [element.id]);
  await narrows(ada, 'uielements', 'file_extension', 'file_extension=gif', [other.id]);
  const path = `projects/${projectId}/uielements/`;
  expect((await ada.call('GET', path)).status).toBe(400);
  expect(await ada.get(`${path}?variant=-2x&language_code=de`)).toEqual({
    config: {
      project_id: projectId,
      files_url: `${site.url}/media/project${projectId}-uielements-2x.zip`,
    },
    uielements: {
      listen: {
        'listen-button': {
          label_text_color: '#000',
          label_position: 'left',
          file_name: 'listen-button-2x.jpg',
          label_text: 'Hören',
        },
      },
    },
  });
  covers(
    'GET projects/{id}/uielements',
    ...[
      'config.project_id',
      'config.files_url',
      'uielements',
      'label_text_color',
      'label_position',
    ],
    ...['file_name', 'label_text', '?variant', '?language_code', '=variant'],
  );
});

test('languages and strings', async () => {
  const { olga, ada, germanId } = world;
  const french = await olga.post('languages/', { name: 'French', language_code: 'FR' });
  expect(french).toEqual({ id: french.id, name: 'French', language_code: 'fr' });
  covers('POST languages', '=200', '>name', '>language_code');
  shows('GET languages', (await ada.list('languages/')).at(-1), french);
  expect(await ada.get(`languages/${french.id}/`)).toEqual(french);
  covers('GET languages/{id}', '=item');
  expect(await olga.patch(`languages/${french.id}/`, { name: 'Français' })).toMatchObject({
    name: 'Français',
  });
  covers('PATCH languages/{id}', '=changes');
  await narrows(ada, 'languages', 'language_code', 'language_code=FR', [french.id]);
  await narrows(ada, 'languages', 'name', 'name=German', [germanId]);
  expect(
    (await olga.call('POST', 'languages/', { name: 'Again', language_code: 'de' })).status,
  ).toBe(400);
  expect(
    (await olga.call('POST', 'languages/', { name: 'Long', language_code: 'deu' })).status,
  ).toBe(400);
  const text = await olga.post('localizedstrings/', { text: 'bonjour', language_id: french.id });
  shows('GET localizedstrings', await ada.get(`localizedstrings/${text.id}/`), {
    id: text.id,
    text: 'bonjour',
    language: 'fr',
    language_id: french.id,
  });
  covers('GET localizedstrings/{id}', '=item');
  const other = await olga.post('localizedstrings/', {
    localized_string: 'guten Tag',
    language: 'de',
  });
  expect(other).toMatchObject({ text: 'guten Tag', language: 'de', language_id: germanId });
  covers(
    'POST localizedstrings',
    '=200',
    '>text',
    '>language_id',
    '>localized_string',
    '>language',
  );
  await narrows(ada, 'localizedstrings', 'language', 'language=fr', [text.id]);
  await narrows(ada, 'localizedstrings', 'language_id', `language_id=${french.id}`, [text.id]);
  await narrows(ada, 'localizedstrings', 'localized_string', 'localized_string=guten', [other.id]);
  const changed = await olga.patch(`localizedstrings/${other.id}/`, {
    text: 'salut',
    language: 'fr',
  });
  expect(changed).toMatchObject({ text: 'salut', language: 'fr' });
  covers('PATCH localizedstrings/{id}', '=changes');
  for (const path of [
    `localizedstrings/${other.id}/`,
    `localizedstrings/${text.id}/`,
    `languages/${french.id}/`,
  ]) {
    expect((await olga.call('DELETE', path)).status).toBe(204);
    expect((await ada.call('GET', path)).status).toBe(404);
  }
  covers('DELETE languages/{id}', '=204');
  covers('DELETE localizedstrings/{id}', '=204');
});
