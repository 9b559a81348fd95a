import { expect, test } from 'vitest';
import { streamOriginOf } from './origin.js';

test('streams are found where the client reached us, on Icecast, or where the operator says', () => {
  const at = 'https://garden.example:8443';
  expect(streamOriginOf({ streamPort: 8000 })(at)).toBe('http://garden.example:8000');
  const icecastUrl = 'http://source:secret@127.0.0.1:8001';
  expect(streamOriginOf({ streamPort: 1, icecastUrl })(at)).toBe('http://garden.example:8001');
  const far = streamOriginOf({ streamPort: 1, icecastUrl: 'http://source:secret@ice.example:80' });
  expect(far(at)).toBe('http://ice.example:80');
  const publicStreamUrl = 'https://cdn.example/audio/';
  expect(streamOriginOf({ streamPort: 1, icecastUrl, publicStreamUrl })(at)).toBe(
    'https://cdn.example/audio',
  );
});
