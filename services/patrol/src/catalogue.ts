import { defineCatalogue } from '@sanwang/kernel';
import { checklistEvents } from './checklist/events.ts';
import { dispatchRulesEvents } from './dispatch-rules/events.ts';
import { rectificationEvents } from './rectification/events.ts';
import { suggestions } from './shared/suggestions.ts';
import { taskEvents } from './task/events.ts';
import { visitEvents } from './visit/events.ts';

/** Every event type of the patrol net. */
export const catalogue = defineCatalogue(
  'patrol',
  taskEvents,
  visitEvents,
  suggestions,
  rectificationEvents,
  checklistEvents,
  dispatchRulesEvents,
);
