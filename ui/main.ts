import { begin } from './ahead.js';

begin(window.location.pathname);
void import('./start.js');
