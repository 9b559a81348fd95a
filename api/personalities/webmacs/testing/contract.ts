import { noting } from '../../testing/noting.js';
import { CONTRACT } from './contract-items.js';

export const { covers, shows } = noting(CONTRACT, 'webmacs');
